-- quick_events: one row per record of log_data, cast in one go by the usual keys of the logs. Nearly all events are
-- right this way; those of which that is not certain are under review, which is judged_events.sql's.
-- Reads the relation `records` (file_id, line, raw, fault, is_doubtful). Keys are spelled as in the logs.
-- noqa: disable=CP02
CREATE OR REPLACE TEMP VIEW quick_events AS
WITH documents AS (
    SELECT
        *,
        -- TRY is free where nothing fails, and dear where something does: among doubtful records it is asked before.
        CASE WHEN is_doubtful THEN CASE WHEN JSON_VALID(raw) THEN raw END ELSE raw END AS document
    FROM records
),

-- Numbers as DOUBLE, which hides no fraction. What is no number is NULL: the cast of JSON is strict, "007" is none.
typed AS (
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
)

SELECT
    v.artist,
    v.auth,
    v.firstName AS first_name,
    v.gender,
    TRY_CAST(v.itemInSession AS INTEGER) AS item_in_session,
    v.lastName AS last_name,
    v.length,
    v.level,
    v.location,
    v.method,
    v.page,
    v.registration,
    TRY_CAST(v.sessionId AS BIGINT) AS session_id,
    v.song,
    TRY_CAST(v.status AS INTEGER) AS status,
    MAKE_TIMESTAMP_MS(CASE WHEN v.ts BETWEEN 2 AND 253402300799999 THEN CAST(v.ts AS BIGINT) END) AS ts,
    v.userAgent AS user_agent,
    TRY_CAST(v.userId AS BIGINT) AS user_id,
    file_id,
    line,
    CAST(raw AS VARCHAR) AS raw,
    fault,
    -- Cheap, for all records pay for it: CASE leaves what is dear to the rows that need it. What may have been true or
    -- false is looked at (1 and 0 as DOUBLE), and whatever is NULL and may have been something. None of a clean load
    -- should be under review: where rows are deleted before the commit, DuckDB writes all that came with them twice.
    COALESCE(
        v.page IS NULL
        OR v.ts IS NULL
        OR v.ts NOT BETWEEN 2 AND 253402300799999
        OR v.ts <> TRUNC(v.ts)
        OR v.sessionId IS NULL
        OR v.sessionId NOT BETWEEN 0 AND 9007199254740991
        OR CASE WHEN v.sessionId <= 1 THEN JSON_TYPE(document, '/sessionId') = 'BOOLEAN' END
        OR v.sessionId <> TRUNC(v.sessionId)
        OR v.itemInSession NOT BETWEEN 0 AND 2147483647
        OR v.itemInSession <> TRUNC(v.itemInSession)
        OR CASE
            WHEN v.itemInSession <= 1
                THEN
                    CASE
                        WHEN CONTAINS(raw, 'true') OR CONTAINS(raw, 'false')
                            THEN JSON_TYPE(document, '/itemInSession') = 'BOOLEAN'
                    END
        END
        OR CASE
            WHEN v.itemInSession IS NULL AND v IS NOT NULL THEN JSON_TYPE(document, '/itemInSession') <> 'NULL'
        END
        OR v.status NOT BETWEEN 2 AND 2147483647
        OR v.status <> TRUNC(v.status)
        OR CASE
            WHEN v.status IS NULL AND v IS NOT NULL THEN JSON_TYPE(document, '/status') <> 'NULL'
        END
        OR v.length <= 1
        OR v.length > 1e300
        OR CASE
            WHEN v.length IS NULL AND v IS NOT NULL THEN JSON_TYPE(document, '/length') <> 'NULL'
        END
        OR v.registration <= 1
        OR v.registration > 1e300
        OR CASE
            WHEN v.registration IS NULL AND v IS NOT NULL THEN JSON_TYPE(document, '/registration') <> 'NULL'
        END
        OR CASE
            WHEN v.userId <> COALESCE(CAST(TRY_CAST(v.userId AS BIGINT) AS VARCHAR), '')
                -- as pandas writes it
                THEN v.userId IS DISTINCT FROM CAST(TRY_CAST(v.userId AS BIGINT) AS VARCHAR) || '.0'
        END
        -- What begins as objects and arrays do may be one; the comparison leaves out nearly all.
        OR CASE
            WHEN
                v.artist >= '['
                OR v.auth >= '['
                OR v.firstName >= '['
                OR v.gender >= '['
                OR v.lastName >= '['
                OR v.location >= '['
                OR v.method >= '['
                OR v.page >= '['
                OR v.song >= '['
                OR v.userAgent >= '['
                OR v.level NOT IN ('free', 'paid')
                THEN
                    CASE
                        WHEN
                            STARTS_WITH(v.artist, '[') OR STARTS_WITH(v.artist, '{')
                            OR STARTS_WITH(v.auth, '[') OR STARTS_WITH(v.auth, '{')
                            OR STARTS_WITH(v.firstName, '[') OR STARTS_WITH(v.firstName, '{')
                            OR STARTS_WITH(v.gender, '[') OR STARTS_WITH(v.gender, '{')
                            OR STARTS_WITH(v.lastName, '[') OR STARTS_WITH(v.lastName, '{')
                            OR STARTS_WITH(v.location, '[') OR STARTS_WITH(v.location, '{')
                            OR STARTS_WITH(v.method, '[') OR STARTS_WITH(v.method, '{')
                            OR STARTS_WITH(v.page, '[') OR STARTS_WITH(v.page, '{')
                            OR STARTS_WITH(v.song, '[') OR STARTS_WITH(v.song, '{')
                            OR STARTS_WITH(v.userAgent, '[') OR STARTS_WITH(v.userAgent, '{')
                            OR STARTS_WITH(v.level, '[') OR STARTS_WITH(v.level, '{')
                            THEN LIST_HAS_ANY(JSON_TYPE(document, GETVARIABLE('record_paths')), ['OBJECT', 'ARRAY'])
                    END
        END
        OR CASE WHEN CONTAINS(raw, '\u') THEN CONTAINS(raw, '\u0000') END
        OR STRLEN(raw) > 65535,
        FALSE
    ) AS is_under_review
FROM typed;
