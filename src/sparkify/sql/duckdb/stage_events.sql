-- staging_events: one row per record of log_data. A record that can't be loaded comes without a file_id; the
-- files it stands in are restaged, so that the rejects can be told by line without keeping all raw text.
INSERT INTO staging_events
SELECT
    * EXCLUDE (file_id, line, raw, is_suspect, reason),
    CASE WHEN is_suspect THEN NULL ELSE file_id END AS file_id
FROM parsed_events;
