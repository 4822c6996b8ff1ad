-- missing songs: one row per replaced file with songs that no file has any more, and how many these are.
SELECT
    removed_songs.file_id,
    COUNT(*) AS missing
FROM removed_songs
LEFT JOIN staging_songs
    ON
        removed_songs.song_id = staging_songs.song_id
        AND removed_songs.artist_id = staging_songs.artist_id
WHERE staging_songs.song_id IS NULL
GROUP BY removed_songs.file_id;
