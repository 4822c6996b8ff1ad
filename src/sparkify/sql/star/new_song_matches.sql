-- new_song_matches: one row per distinct artist, song and length in this run's plays that was not heard before.
CREATE TEMP TABLE new_song_matches AS
WITH heard AS (
    SELECT DISTINCT
        artist,
        song,
        length
    FROM batch_events
    WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
),

known AS (SELECT COALESCE(MAX(match_id), 0) AS last_id FROM song_matches)

SELECT
    CAST(known.last_id + ROW_NUMBER() OVER (ORDER BY heard.artist, heard.song, heard.length) AS INTEGER) AS match_id,
    heard.artist,
    heard.song,
    heard.length
FROM heard
LEFT JOIN song_matches
    ON
        COALESCE(heard.artist, '') = COALESCE(song_matches.artist, '')
        AND COALESCE(heard.song, '') = COALESCE(song_matches.song, '')
        AND COALESCE(heard.length, -1) = COALESCE(song_matches.length, -1)
        AND (heard.artist IS NULL) = (song_matches.artist IS NULL)
        AND (heard.song IS NULL) = (song_matches.song IS NULL)
        AND (heard.length IS NULL) = (song_matches.length IS NULL)
CROSS JOIN known
WHERE song_matches.match_id IS NULL;
