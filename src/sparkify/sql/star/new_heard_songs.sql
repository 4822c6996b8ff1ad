-- new_heard_songs: one row per distinct artist, song and length in this run's plays that was not heard before.
CREATE TEMP TABLE new_heard_songs AS
WITH heard AS (
    SELECT DISTINCT
        artist,
        song,
        CASE WHEN length >= 0 THEN length ELSE -1 END AS length
    FROM batch_events
    WHERE
        page LIKE 'NextSong'
        AND user_id IS NOT NULL
        AND artist IS NOT NULL
        AND song IS NOT NULL
)

SELECT
    heard.artist,
    heard.song,
    heard.length
FROM heard
LEFT JOIN heard_songs
    ON
        heard.artist = heard_songs.artist
        AND heard.song = heard_songs.song
        AND heard.length = heard_songs.length
WHERE heard_songs.artist IS NULL;
