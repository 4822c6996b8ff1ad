-- songs: one row per song.
-- Of several tracks with one song_id: one with a known year first, then the smallest title, duration,
-- artist_id. Only songs that this run touched are written; in a full run that is all of them.
DELETE FROM songs
WHERE song_id IN (
    SELECT song_id FROM batch_songs
    UNION
    SELECT song_id FROM removed_songs
);

INSERT INTO songs (song_id, title, artist_id, year, duration)
WITH touched AS (
    SELECT song_id FROM batch_songs
    UNION
    SELECT song_id FROM removed_songs
),

tracks AS (
    SELECT
        staging_songs.song_id,
        staging_songs.title,
        staging_songs.artist_id,
        NULLIF(staging_songs.year, 0) AS year,
        staging_songs.duration
    FROM staging_songs
    INNER JOIN touched ON staging_songs.song_id = touched.song_id
),

ranked AS (
    SELECT
        song_id,
        title,
        artist_id,
        year,
        duration,
        ROW_NUMBER() OVER (
            PARTITION BY song_id
            ORDER BY
                CASE WHEN year IS NULL THEN 1 ELSE 0 END,
                title,
                duration,
                artist_id,
                year
        ) AS choice
    FROM tracks
)

SELECT
    song_id,
    title,
    artist_id,
    year,
    duration
FROM ranked
WHERE choice = 1;
