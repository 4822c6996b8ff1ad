-- headline: one row: what was listened to in all, and when. Sessions belong to a user, whatever their number.
WITH sessions AS (
    SELECT
        user_id,
        session_id
    FROM songplays
    GROUP BY user_id, session_id
),

listened AS (
    SELECT
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(*) AS sessions
    FROM sessions
),

counted AS (
    SELECT
        match_id,
        COUNT(*) AS plays
    FROM play_matches
    GROUP BY match_id
),

heard AS (
    SELECT
        COUNT(DISTINCT song_matches.match_artist) AS artists,
        SUM(song_matches.length * counted.plays) AS seconds
    FROM counted
    INNER JOIN song_matches ON counted.match_id = song_matches.match_id
)

SELECT
    COUNT(*) AS plays,
    (SELECT listened.listeners FROM listened) AS listeners,
    (SELECT listened.sessions FROM listened) AS sessions,
    MAX(heard.artists) AS artists,
    CAST(ROUND(MAX(heard.seconds) / 3600) AS BIGINT) AS hours,
    CAST(SUM(CASE WHEN songplays.level = 'paid' THEN 1 ELSE 0 END) AS BIGINT) AS paid_plays,
    COUNT(songplays.song_id) AS matched_plays,
    MIN(songplays.start_time) AS first_play,
    -- of those that are not from the future, if there are any
    COALESCE(
        MAX(CASE WHEN songplays.start_time <= event_horizon.horizon THEN songplays.start_time END),
        MAX(songplays.start_time)
    ) AS last_play
FROM songplays
CROSS JOIN event_horizon
CROSS JOIN heard;
