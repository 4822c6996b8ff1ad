-- pruned: one row per file with events before the day since which all are kept: pruned ones, or some of the few others.
SELECT ledger.file_id
FROM ledger
INNER JOIN pruned_events ON ledger.file_id = pruned_events.file_id
UNION
SELECT staging_events.file_id
FROM staging_events
CROSS JOIN events_kept_since
WHERE staging_events.ts < events_kept_since.day AND staging_events.file_id IS NOT NULL;
