-- staging_events: one row per record of log_data. Records under review are told by a negative file_id, and travel in
-- columns that they have no other use for, since a statement fills one table only: review_events.sql takes them out.
INSERT INTO staging_events
SELECT
    * EXCLUDE (line, raw, fault, is_under_review) REPLACE (
        CASE WHEN is_under_review THEN raw ELSE artist END AS artist,
        CASE WHEN is_under_review THEN fault ELSE location END AS location,
        CASE WHEN is_under_review THEN line ELSE session_id END AS session_id,
        CASE WHEN is_under_review THEN -file_id ELSE file_id END AS file_id
    )
FROM quick_events;
