-- Which songs are played most?
-- One row per song, the first 20, whether or not the catalogue has it.
-- compare by: title, artist
WITH counted AS (
    SELECT
        match_id,
        COUNT(*) AS plays
    FROM play_matches
    GROUP BY match_id
),

songs_heard AS (
    SELECT
        counted.match_id,
        song_matches.match_title AS title,
        song_matches.match_artist AS artist,
        SUM(counted.plays) OVER (PARTITION BY song_matches.match_title, song_matches.match_artist) AS plays
    FROM counted
    INNER JOIN song_matches ON counted.match_id = song_matches.match_id
    WHERE song_matches.match_title IS NOT NULL
),

-- Listeners are counted of the first ones only.
ranked AS (
    SELECT
        match_id,
        title,
        artist,
        DENSE_RANK() OVER (ORDER BY plays DESC) AS place
    FROM songs_heard
)

SELECT
    ranked.title,
    ranked.artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT songplays.user_id) AS listeners
FROM ranked
INNER JOIN play_matches ON ranked.match_id = play_matches.match_id
INNER JOIN songplays ON play_matches.songplay_id = songplays.songplay_id
WHERE ranked.place <= 20
GROUP BY ranked.title, ranked.artist
ORDER BY plays DESC, listeners DESC, ranked.title, ranked.artist
LIMIT 20;
