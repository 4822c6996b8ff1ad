-- parsed_songs: one row per record of song_data, cast, with the reason where it can't be loaded.
-- Reads the relation `records` (file_id, line, raw, fault) and the variables `song_paths` (one JSON pointer per
-- column) and `song_columns` (their names).
CREATE OR REPLACE TEMP VIEW parsed_songs AS
WITH texts AS (
    SELECT
        file_id,
        line,
        raw,
        fault,
        TRY(JSON_EXTRACT_STRING(raw, GETVARIABLE('song_paths'))) AS v
    FROM records
),

cast_once AS (
    SELECT
        *,
        TRY_CAST(v[1] AS INTEGER) AS num_songs,
        TRY_CAST(v[3] AS DOUBLE) AS artist_latitude,
        TRY_CAST(v[4] AS DOUBLE) AS artist_longitude,
        TRY_CAST(v[9] AS DOUBLE) AS duration,
        TRY_CAST(v[10] AS INTEGER) AS year
    FROM texts
)

SELECT
    num_songs,
    v[2] AS artist_id,
    artist_latitude,
    artist_longitude,
    v[5] AS artist_location,
    v[6] AS artist_name,
    v[7] AS song_id,
    v[8] AS title,
    duration,
    year,
    file_id,
    line,
    raw,
    -- An integer is right when it reads back as it was written: TRY_CAST alone would take 1.7, 1e3 and 0x1F.
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT STARTS_WITH(raw, '{') THEN 'not a JSON object'
        WHEN v IS NULL THEN 'not valid JSON'
        WHEN COALESCE(v[7], '') = '' THEN 'song_id is missing'
        WHEN COALESCE(v[2], '') = '' THEN 'artist_id is missing'
        WHEN v[1] <> COALESCE(CAST(num_songs AS VARCHAR), '')
            THEN 'num_songs: ''' || LEFT(v[1], 100) || ''' is not an integer'
        WHEN v[10] <> COALESCE(CAST(year AS VARCHAR), '')
            THEN 'year: ''' || LEFT(v[10], 100) || ''' is not an integer'
        WHEN v[3] <> '' AND (NOT ISFINITE(COALESCE(artist_latitude, 'NaN')) OR CONTAINS(v[3], '_'))
            THEN 'artist_latitude: ''' || LEFT(v[3], 100) || ''' is not a number'
        WHEN v[4] <> '' AND (NOT ISFINITE(COALESCE(artist_longitude, 'NaN')) OR CONTAINS(v[4], '_'))
            THEN 'artist_longitude: ''' || LEFT(v[4], 100) || ''' is not a number'
        WHEN v[9] <> '' AND (NOT ISFINITE(COALESCE(duration, 'NaN')) OR CONTAINS(v[9], '_'))
            THEN 'duration: ''' || LEFT(v[9], 100) || ''' is not a number'
        WHEN LIST_HAS_ANY(JSON_TYPE(raw, GETVARIABLE('song_paths')), ['OBJECT', 'ARRAY'])
            THEN GETVARIABLE('song_columns')[LIST_POSITION(
                LIST_TRANSFORM(
                    JSON_TYPE(raw, GETVARIABLE('song_paths')),
                    LAMBDA kind: COALESCE(kind IN ('OBJECT', 'ARRAY'), FALSE)
                ), TRUE
            )] || ': an object or array where text belongs'
        WHEN CONTAINS(ARRAY_TO_STRING(v, ''), CHR(0)) THEN 'a text with a NUL character'
        WHEN STRLEN(raw) > 65535 AND LIST_MAX(LIST_TRANSFORM(v, LAMBDA text: STRLEN(text))) > 65535
            THEN 'a text longer than 65,535 bytes'
    END AS reason
FROM cast_once;
