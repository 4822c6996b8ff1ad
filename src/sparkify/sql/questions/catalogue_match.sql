-- How many plays match a song of the catalogue?
-- One row for the plays that do, one for those that do not.
-- compare by: matched
WITH listened AS (
    SELECT
        CASE WHEN song_id IS NULL THEN 'no' ELSE 'yes' END AS matched,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CASE WHEN song_id IS NULL THEN 'no' ELSE 'yes' END, user_id
)

SELECT
    matched,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(user_id) AS listeners
FROM listened
GROUP BY matched
ORDER BY matched DESC;
