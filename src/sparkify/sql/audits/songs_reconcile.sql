-- fail: songs has as many rows as staging_songs has distinct song_ids
WITH loaded AS (SELECT COUNT(*) AS songs FROM songs)

SELECT
    staged.songs AS songs_staged,
    loaded.songs AS songs_loaded
FROM (SELECT COUNT(DISTINCT song_id) AS songs FROM staging_songs) AS staged
CROSS JOIN loaded
WHERE staged.songs <> loaded.songs;
