-- extracted_records: one row per record, with lists of one entry per column: the JSON values that the paths lead to,
-- their types, and their texts. They are NULL where the record is no JSON.
-- Reads the relation `records` (file_id, line, raw, fault) and the variable `record_paths` (a JSON pointer per column).
CREATE OR REPLACE TEMP VIEW extracted_records AS
WITH documents AS (
    SELECT
        file_id,
        line,
        raw,
        fault,
        CASE WHEN JSON_VALID(raw) THEN raw END AS document
    FROM records
)

SELECT
    *,
    JSON_EXTRACT(document, GETVARIABLE('record_paths')) AS parts,
    JSON_TYPE(document, GETVARIABLE('record_paths')) AS kinds,
    JSON_EXTRACT_STRING(document, GETVARIABLE('record_paths')) AS texts
FROM documents;
