-- How long are the sessions of free and paid listeners?
-- One row per level. Only sessions with a play count; minutes are from the start of the first play to the start
-- of the last. A session in which the level changes counts for both, each with its own plays. It does not end in the
-- future, unless it began there. Asked about certain days, a session is what of it lies in them.
-- compare by: level
WITH spans AS (
    SELECT
        songplays.level,
        songplays.user_id,
        songplays.session_id,
        COUNT(*) AS plays,
        MIN(songplays.start_time) AS first_play,
        COALESCE(
            MAX(CASE WHEN songplays.start_time <= event_horizon.horizon THEN songplays.start_time END),
            MAX(songplays.start_time)
        ) AS last_play
    FROM songplays
    CROSS JOIN event_horizon
    GROUP BY songplays.level, songplays.user_id, songplays.session_id
),

sessions AS (
    SELECT
        level,
        plays,
        -- Whole seconds, since what EXTRACT makes of a fraction differs between engines.
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', last_play)) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', first_play)) AS BIGINT) AS seconds
    FROM spans
)

SELECT
    level,
    COUNT(*) AS sessions,
    ROUND(1.0 * SUM(plays) / COUNT(*), 1) AS average_plays,
    ROUND(1.0 * SUM(seconds) / (60 * COUNT(*)), 1) AS average_minutes,
    MAX(plays) AS longest_plays,
    ROUND(MAX(seconds) / 60.0, 1) AS longest_minutes
FROM sessions
GROUP BY level
ORDER BY level;
