-- audit_results: one row per run and audit that it ran.
CREATE TABLE audit_results (
    run_id INTEGER, -- runs.run_id
    audit VARCHAR(65535), -- file in sql/audits
    severity VARCHAR(65535), -- fail or warn
    rows_found BIGINT, -- 0 = passed
    seconds DOUBLE PRECISION -- that it took
)
-- EVEN: grows by some rows a run, and is joined with nothing large.
DISTSTYLE EVEN
SORTKEY (run_id);
