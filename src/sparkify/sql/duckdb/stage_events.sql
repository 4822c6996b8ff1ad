-- staging_events: one row per record of log_data that quick_events.sql is sure of. A statement fills one table only:
-- what is under review is handed to the function `set_aside` (see warehouse/duckdb/staging.py), which is never true.
INSERT INTO staging_events
SELECT * EXCLUDE (line, raw, fault, is_under_review)
FROM quick_events
WHERE CASE WHEN is_under_review THEN SET_ASIDE(file_id, line, raw, fault) ELSE TRUE END;
