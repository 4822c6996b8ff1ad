-- fail: artists has one row per artist_id
SELECT
    artist_id,
    COUNT(*) AS rows_found
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1;
