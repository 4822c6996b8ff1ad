-- audit_window: one row: the time that audits look at, which is all of it.
-- During an incremental run a temporary view of the same name holds the time that the run has touched.
CREATE VIEW audit_window AS
SELECT
    TIMESTAMP '0001-01-01 00:00:00' AS first_moment,
    TIMESTAMP '9999-12-31 23:59:59.999' AS last_moment;
