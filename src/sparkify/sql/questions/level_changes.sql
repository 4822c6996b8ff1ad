-- Who went from free to paid or back, when, and after how many plays?
-- One row per change. changed_at is the first play at the new level, plays_before all plays of the user before it.
WITH changed AS (
    SELECT user_id
    FROM songplays
    GROUP BY user_id
    HAVING COUNT(DISTINCT level) > 1
),

plays AS (
    SELECT
        songplays.user_id,
        songplays.start_time,
        songplays.session_id,
        songplays.level,
        LAG(songplays.level) OVER (
            PARTITION BY songplays.user_id ORDER BY songplays.start_time, songplays.session_id
        ) AS level_before,
        ROW_NUMBER() OVER (
            PARTITION BY songplays.user_id ORDER BY songplays.start_time, songplays.session_id
        ) - 1 AS plays_before
    FROM songplays
    INNER JOIN changed ON songplays.user_id = changed.user_id
)

SELECT
    plays.start_time AS changed_at,
    plays.user_id,
    users.first_name,
    users.last_name,
    plays.level_before,
    plays.level AS level_after,
    plays.plays_before
FROM plays
INNER JOIN users ON plays.user_id = users.user_id
WHERE plays.level <> plays.level_before
ORDER BY changed_at, plays.user_id, plays.session_id;
