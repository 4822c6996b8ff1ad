-- judged_events: one row per record of log_data, cast, with the reason where it can't be loaded.
-- Reads the view `extracted_records` and the variable `record_columns` (the columns' names). Takes the paths of any
-- JSONPaths file and judges anything; most events need no more than quick_events.sql.
CREATE OR REPLACE TEMP VIEW judged_events AS
WITH cast_once AS (
    SELECT
        *,
        INTEGER_AT(parts, kinds, texts, 5) AS item_in_session,
        NUMBER_AT(parts, kinds, 7) AS length,
        NUMBER_AT(parts, kinds, 12) AS registration,
        INTEGER_AT(parts, kinds, texts, 13) AS session_id,
        INTEGER_AT(parts, kinds, texts, 15) AS status,
        INTEGER_AT(parts, kinds, texts, 16) AS ts_ms,
        INTEGER_AT(parts, kinds, texts, 18) AS user_id
    FROM extracted_records
)

SELECT
    texts[1] AS artist,
    texts[2] AS auth,
    texts[3] AS first_name,
    texts[4] AS gender,
    TRY_CAST(item_in_session AS INTEGER) AS item_in_session,
    texts[6] AS last_name,
    length,
    texts[8] AS level,
    texts[9] AS location,
    texts[10] AS method,
    texts[11] AS page,
    registration,
    session_id,
    texts[14] AS song,
    TRY_CAST(status AS INTEGER) AS status,
    -- the years 1 to 9999: what a TIMESTAMP can say on every engine
    CASE WHEN ts_ms BETWEEN -62135596800000 AND 253402300799999 THEN MAKE_TIMESTAMP_MS(ts_ms) END AS ts,
    texts[17] AS user_agent,
    user_id,
    file_id,
    line,
    CAST(raw AS VARCHAR) AS raw,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(LTRIM(raw), '{') THEN 'not a JSON object'
        WHEN document IS NULL THEN 'not valid JSON'
        WHEN IS_MISSING(kinds, texts, 16) THEN 'ts is missing'
        WHEN ts_ms IS NULL THEN INTEGER_FAULT(parts, kinds, texts, 16, 'ts', NULL)
        WHEN ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
            THEN 'ts: ' || LEFT(texts[16], 100) || ' ms lies outside the years 1 to 9999'
        WHEN session_id IS NULL AND NOT IS_MISSING(kinds, texts, 13)
            THEN INTEGER_FAULT(parts, kinds, texts, 13, 'session_id', session_id)
        WHEN session_id IS NULL THEN 'session_id is missing'
        WHEN texts[11] IS NULL THEN 'page is missing'
        ELSE COALESCE(
            INTEGER_FAULT(parts, kinds, texts, 18, 'user_id', user_id),
            INTEGER_FAULT(parts, kinds, texts, 5, 'item_in_session', TRY_CAST(item_in_session AS INTEGER)),
            INTEGER_FAULT(parts, kinds, texts, 15, 'status', TRY_CAST(status AS INTEGER)),
            NUMBER_FAULT(kinds, texts, 7, 'length', length),
            NUMBER_FAULT(kinds, texts, 12, 'registration', registration),
            TEXT_FAULT(kinds, texts, GETVARIABLE('record_columns'))
        )
    END AS reason
FROM cast_once;
