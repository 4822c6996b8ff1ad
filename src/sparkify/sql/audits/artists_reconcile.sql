-- fail: artists has as many rows as staging_songs has distinct artist_ids
WITH loaded AS (SELECT COUNT(*) AS artists FROM artists)

SELECT
    staged.artists AS artists_staged,
    loaded.artists AS artists_loaded
FROM (SELECT COUNT(DISTINCT artist_id) AS artists FROM staging_songs) AS staged
CROSS JOIN loaded
WHERE staged.artists <> loaded.artists;
