-- warn of age: the newest event is not older than [WAREHOUSE] MAX_AGE_HOURS allows
SELECT MAX(staging_events.ts) AS newest_event
FROM staging_events
CROSS JOIN event_horizon
CROSS JOIN oldest_allowed
WHERE staging_events.ts <= event_horizon.horizon
HAVING MAX(staging_events.ts) < MAX(oldest_allowed.moment);
