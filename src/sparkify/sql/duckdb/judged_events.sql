-- judged_events: one row per record of log_data, cast, with the reason where it can't be loaded.
-- Reads the view `documents`, and the variables `record_columns` and `record_pointers`. Nearly all records are right at
-- first sight; only those of which that is not certain are looked at value by value. Keys are spelled as in the logs.
-- noqa: disable=CP02
-- Numbers as DOUBLE, which hides no fraction. What is no number is NULL: the cast of JSON is strict, "007" is none.
WITH typed AS (
    SELECT
        *,
        TRY(TRY_CAST(document AS STRUCT(
            artist VARCHAR,
            auth VARCHAR,
            firstName VARCHAR,
            gender VARCHAR,
            itemInSession DOUBLE,
            lastName VARCHAR,
            length DOUBLE,
            level VARCHAR,
            location VARCHAR,
            method VARCHAR,
            page VARCHAR,
            registration DOUBLE,
            sessionId DOUBLE,
            song VARCHAR,
            status DOUBLE,
            ts DOUBLE,
            userAgent VARCHAR,
            userId VARCHAR
        ))) AS v
    FROM documents
),

numbered AS (
    SELECT
        * EXCLUDE (document),
        -- what is no object of JSON has no v
        CASE WHEN v IS NOT NULL THEN document END AS document,
        TRY_CAST(v.userId AS BIGINT) AS user_id,
        -- of all texts but the level, of which nearly all come after '['
        GREATEST(*COLUMNS(v.* EXCLUDE (
            itemInSession, length, level, registration, sessionId, status, ts, userId
        ))) AS last_text
    FROM typed
),

-- Cheap tests, for all records pay for them. What may have been true or false is odd (1 and 0 as DOUBLE), whatever is
-- NULL and may have been something, and texts that begin as objects and arrays do.
glanced_at AS (
    SELECT
        *,
        COALESCE(
            v.page IS NULL
            OR v.ts IS NULL
            OR v.ts NOT BETWEEN 2 AND 253402300799999
            OR v.ts <> TRUNC(v.ts)
            OR v.sessionId IS NULL
            OR v.sessionId NOT BETWEEN 2 AND 9007199254740991
            OR v.sessionId <> TRUNC(v.sessionId)
            OR CASE
                WHEN v.itemInSession IS NULL THEN JSON_TYPE(document, '/itemInSession') <> 'NULL'
                WHEN v.itemInSession BETWEEN 0 AND 1 THEN CONTAINS(raw, 'true') OR CONTAINS(raw, 'false')
                ELSE v.itemInSession NOT BETWEEN 0 AND 2147483647
            END
            OR v.itemInSession <> TRUNC(v.itemInSession)
            OR CASE
                WHEN v.status IS NULL THEN JSON_TYPE(document, '/status') <> 'NULL'
                ELSE v.status NOT BETWEEN 2 AND 2147483647
            END
            OR v.status <> TRUNC(v.status)
            OR CASE
                WHEN v.length IS NULL THEN JSON_TYPE(document, '/length') <> 'NULL'
                ELSE v.length NOT BETWEEN 2 AND 1e300
            END
            OR CASE
                WHEN v.registration IS NULL THEN JSON_TYPE(document, '/registration') <> 'NULL'
                ELSE v.registration NOT BETWEEN 2 AND 1e300
            END
            OR CASE
                WHEN v.userId <> COALESCE(CAST(user_id AS VARCHAR), '')
                    -- as pandas writes it
                    THEN v.userId IS DISTINCT FROM CAST(user_id AS VARCHAR) || '.0'
            END
            OR CASE
                WHEN last_text >= '[' OR v.level NOT IN ('free', 'paid')
                    THEN REGEXP_MATCHES(document, ':\s*[\[{]')
            END
            OR CASE WHEN CONTAINS(raw, '\u') THEN CONTAINS(raw, '\u0000') END
            OR STRLEN(raw) > 65535,
            FALSE
        ) AS is_odd
    FROM numbered
),

looked_at AS (
    SELECT
        * EXCLUDE (document),
        CASE WHEN is_odd THEN document END AS odd,
        CASE WHEN is_odd THEN JSON_EXTRACT(document, GETVARIABLE('record_pointers')) END AS parts,
        CASE WHEN is_odd THEN JSON_TYPE(document, GETVARIABLE('record_pointers')) END AS kinds,
        CASE WHEN is_odd THEN JSON_EXTRACT_STRING(document, GETVARIABLE('record_pointers')) END AS texts
    FROM glanced_at
),

cast_once AS (
    SELECT
        * EXCLUDE (user_id),
        CASE
            WHEN is_odd THEN INTEGER_AT(parts, kinds, texts, 'item_in_session') ELSE TRY_CAST(v.itemInSession AS BIGINT)
        END AS item,
        CASE WHEN is_odd THEN NUMBER_AT(parts, kinds, 'length') ELSE v.length END AS length,
        CASE WHEN is_odd THEN NUMBER_AT(parts, kinds, 'registration') ELSE v.registration END AS registration,
        CASE
            WHEN is_odd THEN INTEGER_AT(parts, kinds, texts, 'session_id') ELSE TRY_CAST(v.sessionId AS BIGINT)
        END AS session,
        CASE WHEN is_odd THEN INTEGER_AT(parts, kinds, texts, 'status') ELSE TRY_CAST(v.status AS BIGINT) END AS status,
        CASE WHEN is_odd THEN INTEGER_AT(parts, kinds, texts, 'ts') ELSE TRY_CAST(v.ts AS BIGINT) END AS ts_ms,
        CASE WHEN is_odd THEN INTEGER_AT(parts, kinds, texts, 'user_id') ELSE user_id END AS user_id
    FROM looked_at
)

SELECT
    v.artist,
    v.auth,
    v.firstName AS first_name,
    v.gender,
    TRY_CAST(item AS INTEGER) AS item_in_session,
    v.lastName AS last_name,
    length,
    v.level,
    v.location,
    v.method,
    v.page,
    registration,
    session AS session_id,
    v.song,
    TRY_CAST(status AS INTEGER) AS status,
    -- the years 1 to 9999: what a TIMESTAMP can say on every engine
    MAKE_TIMESTAMP_MS(CASE WHEN ts_ms BETWEEN -62135596800000 AND 253402300799999 THEN ts_ms END) AS ts,
    v.userAgent AS user_agent,
    user_id,
    file_id,
    line,
    CAST(raw AS VARCHAR) AS raw,
    CASE
        WHEN NOT is_odd THEN NULL
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(LTRIM(raw), '{') THEN 'not a JSON object'
        WHEN odd IS NULL THEN 'not valid JSON'
        WHEN IS_MISSING(kinds, texts, 'ts') THEN 'ts is missing'
        WHEN ts_ms IS NULL THEN INTEGER_FAULT(parts, kinds, texts, 'ts', NULL)
        WHEN ts_ms NOT BETWEEN -62135596800000 AND 253402300799999
            THEN 'ts: ' || LEFT(texts[PLACE('ts')], 100) || ' ms lies outside the years 1 to 9999'
        WHEN session IS NULL AND NOT IS_MISSING(kinds, texts, 'session_id')
            THEN INTEGER_FAULT(parts, kinds, texts, 'session_id', session)
        WHEN session IS NULL THEN 'session_id is missing'
        WHEN texts[PLACE('page')] IS NULL THEN 'page is missing'
        ELSE COALESCE(
            INTEGER_FAULT(parts, kinds, texts, 'user_id', user_id),
            INTEGER_FAULT(parts, kinds, texts, 'item_in_session', TRY_CAST(item AS INTEGER)),
            INTEGER_FAULT(parts, kinds, texts, 'status', TRY_CAST(status AS INTEGER)),
            NUMBER_FAULT(kinds, texts, 'length', length),
            NUMBER_FAULT(kinds, texts, 'registration', registration),
            TEXT_FAULT(kinds, texts)
        )
    END AS reason
FROM cast_once;
