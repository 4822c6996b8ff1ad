-- fail: a matched play has both a song and an artist
SELECT
    songplay_id,
    song_id,
    artist_id
FROM songplays
WHERE
    (song_id IS NULL AND artist_id IS NOT NULL)
    OR (song_id IS NOT NULL AND artist_id IS NULL);
