-- audit_history: one row per run and audit that found something in it, among the last 30 runs with audits, oldest
-- first; a run without findings has one row, with NULL as its audit.
WITH audited AS (
    SELECT DISTINCT run_id
    FROM audit_results
    ORDER BY run_id DESC
    LIMIT 30
)

SELECT
    audited.run_id,
    runs.started_at,
    found.audit,
    found.severity,
    found.rows_found
FROM audited
INNER JOIN runs ON audited.run_id = runs.run_id
LEFT JOIN audit_results AS found ON audited.run_id = found.run_id AND found.rows_found > 0
ORDER BY audited.run_id, found.audit;
