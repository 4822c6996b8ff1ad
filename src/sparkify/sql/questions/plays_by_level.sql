-- How much do free and paid listeners play?
-- One row per level, at the time of the play. Who changed level counts as a listener at both.
-- compare by: level
WITH listened AS (
    SELECT
        level,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY level, user_id
)

SELECT
    level,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(user_id) AS listeners,
    ROUND(1.0 * SUM(plays) / COUNT(user_id), 1) AS plays_per_listener
FROM listened
GROUP BY level
ORDER BY plays DESC, level;
