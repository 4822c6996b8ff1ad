-- event_texts: one row per record of log_data, as text by column, for parse_events.sql to judge.
-- Reads the relation `records` (file_id, line, raw, fault) and the variable `event_paths` (one JSON pointer per
-- column).
CREATE OR REPLACE TEMP VIEW event_texts AS
WITH extracted AS (
    SELECT
        file_id,
        line,
        raw,
        fault,
        TRY(JSON_EXTRACT_STRING(raw, GETVARIABLE('event_paths'))) AS texts
    FROM records
)

SELECT
    file_id,
    line,
    raw,
    fault,
    texts,
    texts[1] AS artist,
    texts[2] AS auth,
    texts[3] AS first_name,
    texts[4] AS gender,
    texts[5] AS item_in_session_text,
    texts[6] AS last_name,
    texts[7] AS length_text,
    texts[8] AS level,
    texts[9] AS location,
    texts[10] AS method,
    texts[11] AS page,
    texts[12] AS registration_text,
    texts[13] AS session_id_text,
    texts[14] AS song,
    texts[15] AS status_text,
    texts[16] AS ts_text,
    texts[17] AS user_agent,
    texts[18] AS user_id_text,
    -- what only a second look can judge, whatever the columns say
    (
        fault IS NOT NULL
        OR texts IS NULL
        OR NOT STARTS_WITH(raw, '{')
        OR CASE
            WHEN REGEXP_MATCHES(raw, '[:]\s*[{\[]')
                THEN COALESCE(
                    TRY(LIST_HAS_ANY(JSON_TYPE(raw, GETVARIABLE('event_paths')), ['OBJECT', 'ARRAY'])), TRUE
                )
            ELSE FALSE
        END
        OR CONTAINS(raw, '\u0000')
        OR STRLEN(raw) > 65535
    ) AS is_odd
FROM extracted;
