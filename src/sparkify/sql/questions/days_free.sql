-- How long do people stay free?
-- One row per outcome: of the spans of time at level free, those that have ended with another level, and those that
-- go on, measured up to the last play. Whoever comes back to a level has several spans. Asked about certain days, the
-- spans that began in them count, as they were at the end of the last one.
-- compare by: ended
WITH newest AS (
    SELECT
        COALESCE(
            MAX(CASE WHEN songplays.start_time <= event_horizon.horizon THEN songplays.start_time END),
            MAX(songplays.start_time)
        ) AS last_play
    FROM songplays
    CROSS JOIN event_horizon
),

spans AS (
    SELECT
        user_levels.user_id,
        CASE WHEN user_levels.valid_to IS NULL THEN 'no' ELSE 'yes' END AS ended,
        -- Whole seconds, since what EXTRACT makes of a fraction differs between engines.
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', COALESCE(user_levels.valid_to, newest.last_play))) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', user_levels.valid_from)) AS BIGINT) AS seconds
    FROM user_levels
    CROSS JOIN newest
    WHERE user_levels.level = 'free' AND user_levels.valid_from <= newest.last_play
),

placed AS (
    SELECT
        user_id,
        ended,
        seconds,
        ROW_NUMBER() OVER (PARTITION BY ended ORDER BY seconds, user_id) AS place,
        COUNT(*) OVER (PARTITION BY ended) AS spans
    FROM spans
),

-- The median is that of the one in the middle, or of the two.
middles AS (
    SELECT
        user_id,
        ended,
        seconds,
        CASE WHEN 2 * place BETWEEN spans AND spans + 2 THEN 1 ELSE 0 END AS is_middle
    FROM placed
)

SELECT
    ended,
    COUNT(*) AS spans,
    COUNT(DISTINCT user_id) AS users,
    ROUND(1.0 * SUM(seconds) / (86400 * COUNT(*)), 1) AS average_days,
    ROUND(1.0 * SUM(seconds * is_middle) / (86400 * SUM(is_middle)), 1) AS median_days,
    ROUND(MAX(seconds) / 86400.0, 1) AS longest_days
FROM middles
GROUP BY ended
ORDER BY ended DESC;
