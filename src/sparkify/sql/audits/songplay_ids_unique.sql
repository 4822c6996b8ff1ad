-- fail: songplay_id is unique
SELECT
    songplay_id,
    COUNT(*) AS rows_found
FROM songplays
GROUP BY songplay_id
HAVING COUNT(*) > 1;
