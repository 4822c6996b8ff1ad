-- fail: artists has as many rows as staging_songs has distinct artist_ids
SELECT
    staged.artists AS artists_staged,
    loaded.artists AS artists_loaded
FROM (SELECT COUNT(DISTINCT artist_id) AS artists FROM staging_songs) AS staged
CROSS JOIN (SELECT COUNT(*) AS artists FROM artists) AS loaded
WHERE staged.artists <> loaded.artists;
