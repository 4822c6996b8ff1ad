-- How much do free and paid listeners play?
-- One row per level, at the time of the play. Who changed level counts as a listener at both.
-- compare by: level
SELECT
    level,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners,
    ROUND(1.0 * COUNT(*) / COUNT(DISTINCT user_id), 1) AS plays_per_listener
FROM songplays
GROUP BY level
ORDER BY plays DESC, level;
