-- fail: songplays has as many rows as staging_events has distinct plays
WITH loaded AS (SELECT COUNT(*) AS plays FROM songplays)

SELECT
    staged.plays AS plays_staged,
    loaded.plays AS plays_loaded
FROM (
    SELECT COUNT(*) AS plays
    FROM (
        SELECT DISTINCT
            ts,
            user_id,
            session_id
        FROM staging_events
        WHERE page = 'NextSong' AND user_id IS NOT NULL
    ) AS distinct_plays
) AS staged
CROSS JOIN loaded
WHERE staged.plays <> loaded.plays;
