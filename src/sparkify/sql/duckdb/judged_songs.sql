-- judged_songs: one row per record of song_data, cast, with the reason where it can't be loaded.
-- Reads the view `documents`, and the variables `record_columns` and `record_pointers`.
CREATE OR REPLACE TEMP VIEW judged_songs AS
WITH sound AS (
    SELECT
        * EXCLUDE (document),
        CASE WHEN JSON_VALID(document) THEN document END AS document
    FROM documents
),

spread AS (
    SELECT
        *,
        JSON_EXTRACT(document, GETVARIABLE('record_pointers')) AS parts,
        JSON_TYPE(document, GETVARIABLE('record_pointers')) AS kinds,
        JSON_EXTRACT_STRING(document, GETVARIABLE('record_pointers')) AS texts
    FROM sound
),

cast_once AS (
    SELECT
        *,
        TRY_CAST(INTEGER_AT(parts, kinds, texts, 1) AS INTEGER) AS num_songs,
        NUMBER_AT(parts, kinds, 3) AS artist_latitude,
        NUMBER_AT(parts, kinds, 4) AS artist_longitude,
        NUMBER_AT(parts, kinds, 9) AS duration,
        TRY_CAST(INTEGER_AT(parts, kinds, texts, 10) AS INTEGER) AS year
    FROM spread
)

SELECT
    num_songs,
    texts[2] AS artist_id,
    artist_latitude,
    artist_longitude,
    texts[5] AS artist_location,
    texts[6] AS artist_name,
    texts[7] AS song_id,
    texts[8] AS title,
    duration,
    year,
    file_id,
    line,
    CAST(raw AS VARCHAR) AS raw,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(LTRIM(raw), '{') THEN 'not a JSON object'
        WHEN document IS NULL THEN 'not valid JSON'
        WHEN IS_MISSING(kinds, texts, 7) THEN 'song_id is missing'
        WHEN IS_MISSING(kinds, texts, 2) THEN 'artist_id is missing'
        ELSE COALESCE(
            INTEGER_FAULT(parts, kinds, texts, 1, 'num_songs', num_songs),
            INTEGER_FAULT(parts, kinds, texts, 10, 'year', year),
            NUMBER_FAULT(kinds, texts, 3, 'artist_latitude', artist_latitude),
            NUMBER_FAULT(kinds, texts, 4, 'artist_longitude', artist_longitude),
            NUMBER_FAULT(kinds, texts, 9, 'duration', duration),
            TEXT_FAULT(kinds, texts, GETVARIABLE('record_columns'))
        )
    END AS reason
FROM cast_once;
