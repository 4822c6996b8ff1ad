-- heard_songs: one row per distinct artist, song and length heard in plays, with the song it is matched to:
-- equal artist name and equal title after repair; among several tracks the closest duration, then the smallest
-- song_id, then the smallest artist_id. A blank artist or title matches nothing.
-- Matched anew are the ones heard for the first time and those whose candidates this run has changed.
CREATE TEMP TABLE matched_songs AS
WITH tracks AS (
    SELECT
        artist_name,
        title
    FROM batch_songs
    UNION
    SELECT
        artist_name,
        title
    FROM removed_songs
),

touched_titles AS (
    SELECT DISTINCT
        COALESCE(artist_repairs.repaired, TRIM(BOTH ' ' FROM tracks.artist_name)) AS match_artist,
        COALESCE(title_repairs.repaired, TRIM(BOTH ' ' FROM tracks.title)) AS match_title
    FROM tracks
    LEFT JOIN text_repairs AS artist_repairs ON tracks.artist_name = artist_repairs.garbled
    LEFT JOIN text_repairs AS title_repairs ON tracks.title = title_repairs.garbled
),

heard AS (
    SELECT
        new_heard_songs.artist,
        new_heard_songs.song,
        new_heard_songs.length,
        COALESCE(artist_repairs.repaired, TRIM(BOTH ' ' FROM new_heard_songs.artist)) AS match_artist,
        COALESCE(title_repairs.repaired, TRIM(BOTH ' ' FROM new_heard_songs.song)) AS match_title,
        1 AS is_new,
        CAST(NULL AS VARCHAR(65535)) AS old_song_id,
        CAST(NULL AS VARCHAR(65535)) AS old_artist_id
    FROM new_heard_songs
    LEFT JOIN text_repairs AS artist_repairs ON new_heard_songs.artist = artist_repairs.garbled
    LEFT JOIN text_repairs AS title_repairs ON new_heard_songs.song = title_repairs.garbled
    UNION ALL
    SELECT
        heard_songs.artist,
        heard_songs.song,
        heard_songs.length,
        heard_songs.match_artist,
        heard_songs.match_title,
        0 AS is_new,
        heard_songs.song_id AS old_song_id,
        heard_songs.artist_id AS old_artist_id
    FROM heard_songs
    INNER JOIN touched_titles
        ON
            heard_songs.match_artist = touched_titles.match_artist
            AND heard_songs.match_title = touched_titles.match_title
),

catalogue AS (
    SELECT
        staging_songs.song_id,
        staging_songs.artist_id,
        staging_songs.duration,
        COALESCE(artist_repairs.repaired, TRIM(BOTH ' ' FROM staging_songs.artist_name)) AS match_artist,
        COALESCE(title_repairs.repaired, TRIM(BOTH ' ' FROM staging_songs.title)) AS match_title
    FROM staging_songs
    LEFT JOIN text_repairs AS artist_repairs ON staging_songs.artist_name = artist_repairs.garbled
    LEFT JOIN text_repairs AS title_repairs ON staging_songs.title = title_repairs.garbled
),

ranked AS (
    SELECT
        heard.artist,
        heard.song,
        heard.length,
        heard.match_artist,
        heard.match_title,
        heard.is_new,
        heard.old_song_id,
        heard.old_artist_id,
        catalogue.song_id,
        catalogue.artist_id,
        ROW_NUMBER() OVER (
            PARTITION BY heard.artist, heard.song, heard.length
            ORDER BY
                CASE WHEN heard.length >= 0 THEN ABS(catalogue.duration - heard.length) END,
                catalogue.song_id,
                catalogue.artist_id
        ) AS choice
    FROM heard
    LEFT JOIN catalogue
        ON
            heard.match_artist = catalogue.match_artist
            AND heard.match_title = catalogue.match_title
            -- blank, on both sides
            AND heard.match_artist <> ''
            AND heard.match_title <> ''
)

SELECT
    artist,
    song,
    length,
    match_artist,
    match_title,
    song_id,
    artist_id,
    CASE
        WHEN is_new = 1 THEN 0
        WHEN COALESCE(song_id, '') <> COALESCE(old_song_id, '') THEN 1
        WHEN COALESCE(artist_id, '') <> COALESCE(old_artist_id, '') THEN 1
        ELSE 0
    END AS is_rematched
FROM ranked
WHERE choice = 1;

DELETE FROM heard_songs
USING matched_songs
WHERE
    heard_songs.artist = matched_songs.artist
    AND heard_songs.song = matched_songs.song
    AND heard_songs.length = matched_songs.length;

INSERT INTO heard_songs (artist, song, length, match_artist, match_title, song_id, artist_id)
SELECT
    artist,
    song,
    length,
    match_artist,
    match_title,
    song_id,
    artist_id
FROM matched_songs;
