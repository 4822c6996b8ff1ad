-- event_texts: one row per line of plain files of log_data, as text by column, for parse_events.sql to judge.
-- Reads the table `plain_files` (file_id, uri) and the variables `plain_uris` (the same uris) and `event_keys` (a
-- struct: the key of each column as name, 'VARCHAR' as value). A line that is no JSON object gives a row of NULLs.
CREATE OR REPLACE TEMP VIEW event_texts AS
SELECT
    plain_files.file_id,
    CAST(NULL AS BIGINT) AS line,
    CAST(NULL AS VARCHAR) AS raw,
    CAST(NULL AS VARCHAR) AS fault,
    CAST(NULL AS VARCHAR[]) AS texts,
    lines.*,
    -- Objects and arrays where text belongs are not in plain files, and odd texts are asked for when they are staged
    -- (odd_files.sql); only numbers of such a length are not staged as they were written.
    COALESCE(STRLEN(lines.length_text) > 65535 OR STRLEN(lines.registration_text) > 65535, FALSE) AS is_odd
FROM
    READ_JSON(
        GETVARIABLE('plain_uris'),
        columns = GETVARIABLE('event_keys'),
        format = 'newline_delimited',
        ignore_errors = TRUE,
        compression = 'none',
        hive_partitioning = FALSE,
        filename = 'uri',
        maximum_object_size = 1048576
    ) AS lines (
        artist,
        auth,
        first_name,
        gender,
        item_in_session_text,
        last_name,
        length_text,
        level,
        location,
        method,
        page,
        registration_text,
        session_id_text,
        song,
        status_text,
        ts_text,
        user_agent,
        user_id_text,
        uri
    )
LEFT JOIN plain_files ON lines.uri = plain_files.uri;
