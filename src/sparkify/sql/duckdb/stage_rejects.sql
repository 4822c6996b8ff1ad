-- staging_rejects: one row per judged record that can't be loaded.
-- Reads the tables `judged` and `rejected_files` (file_id, source, file), and the variables `kept_texts` (of how many
-- records of a file the text is kept), `kept_bytes` (how many bytes of these are kept whole), `beginning` (how many
-- characters of the others), and `too_long` (the reason of records that are cut already).
INSERT INTO staging_rejects
WITH rejected AS (
    SELECT
        file_id,
        line,
        reason,
        TRIM(raw, ' ' || CHR(9) || CHR(10) || CHR(13)) AS text,
        rowid AS place
    FROM judged
    WHERE reason IS NOT NULL
),

-- Without the texts: a window would copy them.
bounds AS (
    SELECT
        place,
        ROW_NUMBER() OVER (PARTITION BY file_id ORDER BY line, place) AS number_in_file,
        SUM(STRLEN(text)) OVER (
            PARTITION BY file_id ORDER BY line, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS bytes_so_far
    FROM rejected
)

SELECT
    rejected_files.source,
    rejected_files.file,
    rejected.line,
    rejected.reason,
    CASE
        WHEN bounds.number_in_file > GETVARIABLE('kept_texts') THEN NULL
        WHEN bounds.bytes_so_far > GETVARIABLE('kept_bytes') THEN LEFT(rejected.text, GETVARIABLE('beginning'))
        ELSE rejected.text
    END AS raw_line,
    rejected.file_id,
    bounds.number_in_file <= GETVARIABLE('kept_texts')
    AND bounds.bytes_so_far <= GETVARIABLE('kept_bytes')
    AND rejected.reason <> GETVARIABLE('too_long') AS is_whole
FROM rejected
INNER JOIN bounds ON rejected.place = bounds.place
INNER JOIN rejected_files ON rejected.file_id = rejected_files.file_id;
