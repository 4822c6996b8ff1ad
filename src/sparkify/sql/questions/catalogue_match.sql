-- How many plays match a song of the catalogue?
-- One row for the plays that do, one for those that do not.
-- compare by: matched
WITH plays AS (
    SELECT
        CASE WHEN song_id IS NULL THEN 'no' ELSE 'yes' END AS matched,
        user_id
    FROM songplays
)

SELECT
    matched,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners
FROM plays
GROUP BY matched
ORDER BY matched DESC;
