-- How much do women and men play, free and paid?
-- One row per gender and level, at the time of the play.
-- compare by: gender, level
WITH listened AS (
    SELECT
        user_id,
        level,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, level
)

SELECT
    users.gender,
    listened.level,
    CAST(SUM(listened.plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(listened.plays) / SUM(SUM(listened.plays)) OVER (), 1) AS share_percent,
    COUNT(*) AS listeners,
    ROUND(1.0 * SUM(listened.plays) / COUNT(*), 1) AS plays_per_listener
FROM listened
INNER JOIN users ON listened.user_id = users.user_id
GROUP BY users.gender, listened.level
ORDER BY users.gender, listened.level;
