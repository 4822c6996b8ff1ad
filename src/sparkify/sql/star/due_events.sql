-- due_events: one row per staged event of a user that the horizon has passed since the run before: it was from the
-- future then and is not any more, or, where the clock was put back, the other way about.
-- Reads the table `passed_time` (earlier, later): the two horizons, or no row where no such events are.
CREATE TEMP TABLE due_events AS
SELECT
    staging_events.user_id,
    staging_events.ts,
    staging_events.item_in_session,
    staging_events.session_id,
    staging_events.first_name,
    staging_events.last_name,
    staging_events.gender,
    staging_events.level
FROM staging_events
INNER JOIN passed_time
    ON staging_events.ts > passed_time.earlier AND staging_events.ts <= passed_time.later
WHERE staging_events.user_id IS NOT NULL;
