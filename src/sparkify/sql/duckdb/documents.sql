-- documents: one row per record, with its text as JSON by the usual keys; NULL where it is known to be none.
-- Reads the relation `records` (file_id, line, raw, fault, is_doubtful), and the variables `record_keys` (the usual
-- keys), `record_pointers` (the same as JSON pointers) and `record_paths` (where the values are).
CREATE OR REPLACE TEMP VIEW documents AS
SELECT
    file_id,
    line,
    raw,
    fault,
    CASE
        -- TRY is free where nothing fails, and dear where something does: what may fail is asked before.
        WHEN fault IS NOT NULL THEN NULL
        WHEN
            CASE
                -- not by RTRIM, which would nearly double the cost of a record
                WHEN
                    is_doubtful OR NOT STARTS_WITH(raw, '{')
                    OR NOT (
                        SUFFIX(raw, '}') OR SUFFIX(raw, '}' || CHR(10)) OR SUFFIX(raw, '}' || CHR(13) || CHR(10))
                    )
                    THEN NOT JSON_VALID(raw)
                ELSE FALSE
            END
            THEN NULL
        WHEN GETVARIABLE('record_paths') = GETVARIABLE('record_pointers') THEN raw
        WHEN JSON_VALID(raw)
            THEN CAST(
                MAP(GETVARIABLE('record_keys'), JSON_EXTRACT(raw, GETVARIABLE('record_paths'))) AS JSON
            )
    END AS document
FROM records;
