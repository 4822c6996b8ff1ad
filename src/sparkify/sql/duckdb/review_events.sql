-- records: one row per record of log_data that is under review, taken out of staging_events (see stage_events.sql).
CREATE OR REPLACE TEMP TABLE under_review AS
SELECT
    -file_id AS file_id,
    session_id AS line,
    artist AS raw,
    location AS fault
FROM staging_events
WHERE file_id < 0;

DELETE FROM staging_events
WHERE file_id < 0;

CREATE OR REPLACE TEMP VIEW records AS
SELECT * FROM under_review;
