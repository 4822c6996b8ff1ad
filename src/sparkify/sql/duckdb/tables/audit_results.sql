-- audit_results: one row per run and audit that it ran.
CREATE TABLE audit_results (
    run_id INTEGER, -- runs.run_id
    audit VARCHAR, -- file in sql/audits
    severity VARCHAR, -- fail or warn
    rows_found BIGINT, -- 0 = passed
    seconds DOUBLE -- that it took
);
