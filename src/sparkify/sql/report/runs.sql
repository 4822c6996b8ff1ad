-- runs: one row per run that loaded something, the last 10, newest first.
SELECT
    run_id,
    started_at,
    finished_at,
    engine,
    version,
    files,
    records,
    loaded,
    rejected
FROM runs
WHERE outcome = 'loaded' OR outcome IS NULL
ORDER BY run_id DESC
LIMIT 10;
