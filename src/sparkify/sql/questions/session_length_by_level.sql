-- How long are the sessions of free and paid listeners?
-- One row per level. Only sessions with a play count; minutes are from the start of the first play to the start
-- of the last. A session in which the level changes counts for both, each with its own plays.
WITH sessions AS (
    SELECT
        level,
        user_id,
        session_id,
        COUNT(*) AS plays,
        -- Whole seconds, since what EXTRACT makes of a fraction differs between engines.
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', MAX(start_time))) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', MIN(start_time))) AS BIGINT) AS seconds
    FROM songplays
    GROUP BY level, user_id, session_id
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
