-- fail: every artist_id of a play is in artists, or NULL where the catalogue has no such song
SELECT
    songplays.songplay_id,
    songplays.artist_id
FROM songplays
LEFT JOIN artists ON songplays.artist_id = artists.artist_id
WHERE
    songplays.artist_id IS NOT NULL
    AND artists.artist_id IS NULL;
