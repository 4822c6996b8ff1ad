-- event_horizon: one row: the moment after which events are from the future: a day after the start of the last run that
-- changed the warehouse.
-- During a run a temporary table of the same name holds that of the run itself.
CREATE VIEW event_horizon AS
WITH last_run AS (
    SELECT MAX(run_id) AS run_id
    FROM runs
    WHERE outcome IN ('loaded', 'unloaded') OR outcome IS NULL
)

SELECT runs.started_at + INTERVAL '1 day' AS horizon
FROM runs
INNER JOIN last_run ON runs.run_id = last_run.run_id;
