-- warn of what was loaded: some of the events are plays
-- Of those before the day since which all are kept, only a few are there, which may be others.
SELECT
    COUNT(*) AS events,
    COUNT(DISTINCT staging_events.page) AS pages,
    MIN(staging_events.page) AS first_page
FROM staging_events
CROSS JOIN events_kept_since
WHERE staging_events.ts >= events_kept_since.day OR events_kept_since.day IS NULL
HAVING COUNT(*) > 0 AND COUNT(CASE WHEN staging_events.page LIKE 'NextSong' THEN staging_events.user_id END) = 0;
