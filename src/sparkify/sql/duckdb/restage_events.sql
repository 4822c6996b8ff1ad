-- staging_events and staging_rejects, for files that hold bad records: each record goes to one of the two.
-- Reads the table `dirty_files` (file_id, source, file); nothing of these files may be staged any more.
CREATE OR REPLACE TEMP TABLE second_look AS
SELECT * REPLACE (CASE WHEN reason IS NOT NULL THEN LEFT(raw, 1000) END AS raw)
FROM parsed_events;

INSERT INTO staging_events
SELECT * EXCLUDE (line, raw, is_suspect, reason)
FROM second_look
WHERE reason IS NULL;

INSERT INTO staging_rejects
SELECT
    dirty_files.source,
    dirty_files.file,
    second_look.line,
    second_look.reason,
    second_look.raw,
    second_look.file_id
FROM second_look
INNER JOIN dirty_files ON second_look.file_id = dirty_files.file_id
WHERE second_look.reason IS NOT NULL;

DROP TABLE second_look;
