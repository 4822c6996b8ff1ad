-- judged_songs: one row per record of song_data, cast, with the reason where it can't be loaded.
-- Reads the view `documents`, and the variables `record_columns` and `record_pointers`.
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
        TRY_CAST(INTEGER_AT(parts, kinds, texts, 'num_songs') AS INTEGER) AS num_songs,
        NUMBER_AT(parts, kinds, 'artist_latitude') AS artist_latitude,
        NUMBER_AT(parts, kinds, 'artist_longitude') AS artist_longitude,
        NUMBER_AT(parts, kinds, 'duration') AS duration,
        TRY_CAST(INTEGER_AT(parts, kinds, texts, 'year') AS INTEGER) AS year
    FROM spread
)

SELECT
    num_songs,
    texts[PLACE('artist_id')] AS artist_id,
    artist_latitude,
    artist_longitude,
    texts[PLACE('artist_location')] AS artist_location,
    texts[PLACE('artist_name')] AS artist_name,
    texts[PLACE('song_id')] AS song_id,
    texts[PLACE('title')] AS title,
    duration,
    year,
    file_id,
    line,
    CAST(raw AS VARCHAR) AS raw,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(LTRIM(raw), '{') THEN 'not a JSON object'
        WHEN document IS NULL THEN 'not valid JSON'
        WHEN IS_MISSING(kinds, texts, 'song_id') THEN 'song_id is missing'
        WHEN IS_MISSING(kinds, texts, 'artist_id') THEN 'artist_id is missing'
        ELSE COALESCE(
            INTEGER_FAULT(parts, kinds, texts, 'num_songs', num_songs),
            INTEGER_FAULT(parts, kinds, texts, 'year', year),
            NUMBER_FAULT(kinds, texts, 'artist_latitude', artist_latitude),
            NUMBER_FAULT(kinds, texts, 'artist_longitude', artist_longitude),
            NUMBER_FAULT(kinds, texts, 'duration', duration),
            TEXT_FAULT(kinds, texts)
        )
    END AS reason
FROM cast_once;
