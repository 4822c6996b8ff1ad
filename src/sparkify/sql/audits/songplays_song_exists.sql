-- fail: every song_id of a play is in songs, or NULL where the catalogue has no such song
SELECT
    songplays.songplay_id,
    songplays.song_id
FROM songplays
LEFT JOIN songs ON songplays.song_id = songs.song_id
WHERE
    songplays.song_id IS NOT NULL
    AND songs.song_id IS NULL;
