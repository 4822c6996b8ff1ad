-- late_events: one row per file of this run with events before the day since which all are kept, and how many.
SELECT
    batch_events.file_id,
    events_kept_since.day AS kept_since,
    COUNT(*) AS events
FROM batch_events
CROSS JOIN events_kept_since
WHERE batch_events.ts < events_kept_since.day
GROUP BY batch_events.file_id, events_kept_since.day;
