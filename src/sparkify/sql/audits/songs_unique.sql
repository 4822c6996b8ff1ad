-- fail: songs has one row per song_id
SELECT
    song_id,
    COUNT(*) AS rows_found
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1;
