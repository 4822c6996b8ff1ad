-- Which artists are played that the catalogue lacks songs of?
-- One row per artist with plays that match no song, the first 100.
-- compare by: artist
WITH counted AS (
    SELECT
        match_id,
        COUNT(*) AS plays
    FROM play_matches
    GROUP BY match_id
),

artists_heard AS (
    SELECT
        counted.match_id,
        song_matches.match_title AS title,
        song_matches.match_artist AS artist,
        SUM(counted.plays) OVER (PARTITION BY song_matches.match_artist) AS plays
    FROM counted
    INNER JOIN song_matches ON counted.match_id = song_matches.match_id
    WHERE song_matches.song_id IS NULL AND song_matches.match_artist IS NOT NULL
),

-- Listeners are counted of the first ones only.
ranked AS (
    SELECT
        match_id,
        title,
        artist,
        DENSE_RANK() OVER (ORDER BY plays DESC) AS place
    FROM artists_heard
)

SELECT
    ranked.artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT ranked.title) AS songs,
    COUNT(DISTINCT songplays.user_id) AS listeners
FROM ranked
INNER JOIN play_matches ON ranked.match_id = play_matches.match_id
INNER JOIN songplays ON play_matches.songplay_id = songplays.songplay_id
WHERE ranked.place <= 100
GROUP BY ranked.artist
ORDER BY plays DESC, songs DESC, ranked.artist
LIMIT 100;
