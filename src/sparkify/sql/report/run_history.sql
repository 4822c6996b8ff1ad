-- run_history: one row per run, with how many warnings it gave, and why it failed.
WITH said AS (
    SELECT
        run_id,
        COUNT(CASE WHEN severity = 'warning' THEN 1 END) AS warnings,
        MAX(CASE WHEN severity = 'error' THEN note END) AS reason
    FROM run_notes
    GROUP BY run_id
)

SELECT
    runs.run_id,
    runs.started_at,
    runs.finished_at,
    COALESCE(runs.outcome, 'loaded') AS outcome,
    runs.engine,
    runs.version,
    runs.is_full,
    runs.files,
    runs.records,
    runs.loaded,
    runs.rejected,
    COALESCE(said.warnings, 0) AS warnings,
    said.reason
FROM runs
LEFT JOIN said ON runs.run_id = said.run_id;
