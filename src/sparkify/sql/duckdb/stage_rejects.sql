-- staging_rejects: one row per judged record that can't be loaded.
-- Reads the tables `judged` and `rejected_files` (file_id, source, file).
INSERT INTO staging_rejects
SELECT
    rejected_files.source,
    rejected_files.file,
    judged.line,
    judged.reason,
    LEFT(TRIM(judged.raw, ' ' || CHR(9) || CHR(10) || CHR(13)), 1000) AS raw_line,
    judged.file_id
FROM judged
INNER JOIN rejected_files ON judged.file_id = rejected_files.file_id
WHERE judged.reason IS NOT NULL;
