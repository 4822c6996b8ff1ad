-- parsed_events: one row per record of log_data, cast, with the reason where it can't be loaded.
-- Reads the relation `records` (file_id, line, raw, fault) and the variables `event_paths` (one JSON pointer
-- per column, from the JSONPaths file) and `event_columns` (their names).
CREATE OR REPLACE TEMP VIEW parsed_events AS
WITH texts AS (
    SELECT
        file_id,
        line,
        raw,
        fault,
        TRY(JSON_EXTRACT_STRING(raw, GETVARIABLE('event_paths'))) AS v
    FROM records
),

cast_once AS (
    SELECT
        *,
        TRY_CAST(v[5] AS INTEGER) AS item_in_session,
        TRY_CAST(v[7] AS DOUBLE) AS length,
        TRY_CAST(v[12] AS DOUBLE) AS registration,
        TRY_CAST(v[13] AS BIGINT) AS session_id,
        TRY_CAST(v[15] AS INTEGER) AS status,
        TRY_CAST(v[16] AS BIGINT) AS ts_ms,
        TRY_CAST(v[18] AS BIGINT) AS user_id
    FROM texts
)

SELECT
    v[1] AS artist,
    v[2] AS auth,
    v[3] AS first_name,
    v[4] AS gender,
    item_in_session,
    v[6] AS last_name,
    length,
    v[8] AS level,
    v[9] AS location,
    v[10] AS method,
    v[11] AS page,
    registration,
    session_id,
    v[14] AS song,
    status,
    -- the years 1 to 9999: what a TIMESTAMP can say on every engine
    CASE
        WHEN ts_ms BETWEEN -62135596800000 AND 253402300799999 THEN MAKE_TIMESTAMP_MS(ts_ms)
    END AS ts,
    v[17] AS user_agent,
    user_id,
    file_id,
    line,
    raw,
    -- Whether to look again: never false where there is a reason, and cheap to tell, for all records pay for it.
    (
        fault IS NOT NULL
        OR v IS NULL
        OR NOT STARTS_WITH(raw, '{')
        OR ts_ms IS NULL
        OR ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
        OR session_id IS NULL
        OR v[11] IS NULL
        OR CONCAT(item_in_session, ' ', session_id, ' ', status, ' ', ts_ms, ' ', user_id)
        <> CONCAT(v[5], ' ', v[13], ' ', v[15], ' ', v[16], ' ', v[18])
        OR (v[7] <> '' AND (NOT ISFINITE(COALESCE(length, 'NaN')) OR CONTAINS(v[7], '_')))
        OR (v[12] <> '' AND (NOT ISFINITE(COALESCE(registration, 'NaN')) OR CONTAINS(v[12], '_')))
        OR REGEXP_MATCHES(raw, '[:]\s*[{\[]')
        OR CONTAINS(raw, '\u0000')
        OR STRLEN(raw) > 65535
    ) AS is_suspect,
    -- An integer is right when it reads back as it was written: TRY_CAST alone would take 1.7, 1e3 and 0x1F.
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(raw, '{') THEN 'not a JSON object'
        WHEN v IS NULL THEN 'not valid JSON'
        WHEN v[16] <> COALESCE(CAST(ts_ms AS VARCHAR), '')
            THEN 'ts: ''' || LEFT(v[16], 100) || ''' is not an integer'
        WHEN ts_ms IS NULL THEN 'ts is missing'
        WHEN ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
            THEN 'ts: ' || v[16] || ' ms lies outside the years 1 to 9999'
        WHEN v[13] <> COALESCE(CAST(session_id AS VARCHAR), '')
            THEN 'session_id: ''' || LEFT(v[13], 100) || ''' is not an integer'
        WHEN session_id IS NULL THEN 'session_id is missing'
        WHEN v[11] IS NULL THEN 'page is missing'
        WHEN v[18] <> COALESCE(CAST(user_id AS VARCHAR), '')
            THEN 'user_id: ''' || LEFT(v[18], 100) || ''' is not an integer'
        WHEN v[5] <> COALESCE(CAST(item_in_session AS VARCHAR), '')
            THEN 'item_in_session: ''' || LEFT(v[5], 100) || ''' is not an integer'
        WHEN v[15] <> COALESCE(CAST(status AS VARCHAR), '')
            THEN 'status: ''' || LEFT(v[15], 100) || ''' is not an integer'
        WHEN v[7] <> '' AND (NOT ISFINITE(COALESCE(length, 'NaN')) OR CONTAINS(v[7], '_'))
            THEN 'length: ''' || LEFT(v[7], 100) || ''' is not a number'
        WHEN v[12] <> '' AND (NOT ISFINITE(COALESCE(registration, 'NaN')) OR CONTAINS(v[12], '_'))
            THEN 'registration: ''' || LEFT(v[12], 100) || ''' is not a number'
        WHEN LIST_HAS_ANY(JSON_TYPE(raw, GETVARIABLE('event_paths')), ['OBJECT', 'ARRAY'])
            THEN GETVARIABLE('event_columns')[LIST_POSITION(
                LIST_TRANSFORM(
                    JSON_TYPE(raw, GETVARIABLE('event_paths')),
                    LAMBDA kind: COALESCE(kind IN ('OBJECT', 'ARRAY'), FALSE)
                ), TRUE
            )] || ': an object or array where text belongs'
        WHEN CONTAINS(ARRAY_TO_STRING(v, ''), CHR(0))
            THEN 'a text with a NUL character'
        WHEN STRLEN(raw) > 65535 AND LIST_MAX(LIST_TRANSFORM(v, LAMBDA text: STRLEN(text))) > 65535
            THEN 'a text longer than 65,535 bytes'
    END AS reason
FROM cast_once;
