-- warn of what was loaded: no event lies more than a day after the run began (such events move nobody's level)
SELECT
    COUNT(*) OVER () AS events,
    staging_events.ts,
    staging_events.page,
    staging_events.user_id,
    staging_events.session_id
FROM staging_events
CROSS JOIN event_horizon
WHERE staging_events.ts > event_horizon.horizon
ORDER BY staging_events.ts DESC, staging_events.user_id, staging_events.session_id
LIMIT 1;
