-- parsed_events: one row per record of log_data, cast, with the reason where it can't be loaded.
-- Reads the relation `event_texts` (event_records.sql or event_files.sql) and the variables `event_paths` (one JSON
-- pointer per column, from the JSONPaths file) and `event_columns` (their names).
CREATE OR REPLACE TEMP VIEW parsed_events AS
WITH cast_once AS (
    SELECT
        *,
        TRY_CAST(item_in_session_text AS INTEGER) AS item_in_session,
        TRY_CAST(length_text AS DOUBLE) AS length,
        TRY_CAST(registration_text AS DOUBLE) AS registration,
        TRY_CAST(session_id_text AS BIGINT) AS session_id,
        TRY_CAST(status_text AS INTEGER) AS status,
        TRY_CAST(ts_text AS BIGINT) AS ts_ms,
        TRY_CAST(user_id_text AS BIGINT) AS user_id
    FROM event_texts
)

SELECT
    artist,
    auth,
    first_name,
    gender,
    item_in_session,
    last_name,
    length,
    level,
    location,
    method,
    page,
    registration,
    session_id,
    song,
    status,
    -- the years 1 to 9999: what a TIMESTAMP can say on every engine
    CASE
        WHEN ts_ms BETWEEN -62135596800000 AND 253402300799999 THEN MAKE_TIMESTAMP_MS(ts_ms)
    END AS ts,
    user_agent,
    user_id,
    file_id,
    line,
    raw,
    -- Whether to look again: never false where there is a reason, and cheap to tell, for all records pay for it.
    (
        is_odd
        OR ts_ms IS NULL
        OR ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
        OR session_id IS NULL
        OR page IS NULL
        OR CAST(ts_ms AS VARCHAR) <> ts_text
        OR CAST(session_id AS VARCHAR) <> session_id_text
        OR COALESCE(CAST(user_id AS VARCHAR), '') <> COALESCE(user_id_text, '')
        OR COALESCE(CAST(item_in_session AS VARCHAR), '') <> COALESCE(item_in_session_text, '')
        OR COALESCE(CAST(status AS VARCHAR), '') <> COALESCE(status_text, '')
        OR (length_text <> '' AND (NOT ISFINITE(COALESCE(length, 'NaN')) OR CONTAINS(length_text, '_')))
        OR (
            registration_text <> ''
            AND (NOT ISFINITE(COALESCE(registration, 'NaN')) OR CONTAINS(registration_text, '_'))
        )
    ) AS is_suspect,
    -- An integer is right when it reads back as it was written: TRY_CAST alone would take 1.7, 1e3 and 0x1F.
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(raw, '{') THEN 'not a JSON object'
        WHEN texts IS NULL THEN 'not valid JSON'
        WHEN ts_text <> COALESCE(CAST(ts_ms AS VARCHAR), '')
            THEN 'ts: ''' || LEFT(ts_text, 100) || ''' is not an integer'
        WHEN ts_ms IS NULL THEN 'ts is missing'
        WHEN ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
            THEN 'ts: ' || ts_text || ' ms lies outside the years 1 to 9999'
        WHEN session_id_text <> COALESCE(CAST(session_id AS VARCHAR), '')
            THEN 'session_id: ''' || LEFT(session_id_text, 100) || ''' is not an integer'
        WHEN session_id IS NULL THEN 'session_id is missing'
        WHEN page IS NULL THEN 'page is missing'
        WHEN user_id_text <> COALESCE(CAST(user_id AS VARCHAR), '')
            THEN 'user_id: ''' || LEFT(user_id_text, 100) || ''' is not an integer'
        WHEN item_in_session_text <> COALESCE(CAST(item_in_session AS VARCHAR), '')
            THEN 'item_in_session: ''' || LEFT(item_in_session_text, 100) || ''' is not an integer'
        WHEN status_text <> COALESCE(CAST(status AS VARCHAR), '')
            THEN 'status: ''' || LEFT(status_text, 100) || ''' is not an integer'
        WHEN length_text <> '' AND (NOT ISFINITE(COALESCE(length, 'NaN')) OR CONTAINS(length_text, '_'))
            THEN 'length: ''' || LEFT(length_text, 100) || ''' is not a number'
        WHEN
            registration_text <> ''
            AND (NOT ISFINITE(COALESCE(registration, 'NaN')) OR CONTAINS(registration_text, '_'))
            THEN 'registration: ''' || LEFT(registration_text, 100) || ''' is not a number'
        WHEN LIST_HAS_ANY(JSON_TYPE(raw, GETVARIABLE('event_paths')), ['OBJECT', 'ARRAY'])
            THEN GETVARIABLE('event_columns')[LIST_POSITION(
                LIST_TRANSFORM(
                    JSON_TYPE(raw, GETVARIABLE('event_paths')),
                    LAMBDA kind: COALESCE(kind IN ('OBJECT', 'ARRAY'), FALSE)
                ), TRUE
            )] || ': an object or array where text belongs'
        WHEN CONTAINS(ARRAY_TO_STRING(texts, ''), CHR(0))
            THEN 'a text with a NUL character'
        WHEN STRLEN(raw) > 65535 AND LIST_MAX(LIST_TRANSFORM(texts, LAMBDA text: STRLEN(text))) > 65535
            THEN 'a text longer than 65,535 bytes'
    END AS reason
FROM cast_once;
