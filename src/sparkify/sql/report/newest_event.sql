-- newest_event: one row: when the last staged event happened that is not from the future; NULL = there is none.
SELECT MAX(staging_events.ts) AS newest_event
FROM staging_events
CROSS JOIN event_horizon
WHERE staging_events.ts <= event_horizon.horizon;
