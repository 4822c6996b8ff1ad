-- What does the free tier hear most?
-- One row per song, the first 20, of the plays made at level free.
-- compare by: title, artist
WITH free_plays AS (
    SELECT
        play_matches.match_id,
        songplays.user_id
    FROM songplays
    INNER JOIN play_matches ON songplays.songplay_id = play_matches.songplay_id
    WHERE songplays.level = 'free'
),

counted AS (
    SELECT
        match_id,
        COUNT(*) AS plays
    FROM free_plays
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
    COUNT(DISTINCT free_plays.user_id) AS listeners
FROM ranked
INNER JOIN free_plays ON ranked.match_id = free_plays.match_id
WHERE ranked.place <= 20
GROUP BY ranked.title, ranked.artist
ORDER BY plays DESC, listeners DESC, ranked.title, ranked.artist
LIMIT 20;
