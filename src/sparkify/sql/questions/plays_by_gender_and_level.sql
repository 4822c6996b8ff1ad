-- How much do women and men play, free and paid?
-- One row per gender and level, at the time of the play.
-- compare by: gender, level
SELECT
    users.gender,
    songplays.level,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT songplays.user_id) AS listeners,
    ROUND(1.0 * COUNT(*) / COUNT(DISTINCT songplays.user_id), 1) AS plays_per_listener
FROM songplays
INNER JOIN users ON songplays.user_id = users.user_id
GROUP BY users.gender, songplays.level
ORDER BY users.gender, songplays.level;
