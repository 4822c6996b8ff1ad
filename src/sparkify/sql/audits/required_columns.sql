-- fail: no required column is NULL
SELECT
    'songplays' AS table_name,
    COUNT(*) AS rows_found
FROM songplays
WHERE songplay_id IS NULL OR start_time IS NULL OR user_id IS NULL OR session_id IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'users' AS table_name,
    COUNT(*) AS rows_found
FROM users
WHERE user_id IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'songs' AS table_name,
    COUNT(*) AS rows_found
FROM songs
WHERE song_id IS NULL OR artist_id IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'artists' AS table_name,
    COUNT(*) AS rows_found
FROM artists
WHERE artist_id IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'time' AS table_name,
    COUNT(*) AS rows_found
FROM time
WHERE
    start_time IS NULL
    OR hour IS NULL
    OR day IS NULL
    OR week IS NULL
    OR month IS NULL
    OR year IS NULL
    OR weekday IS NULL
HAVING COUNT(*) > 0;
