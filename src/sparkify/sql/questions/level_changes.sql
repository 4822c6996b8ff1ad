-- Who went from free to paid or back, when, and after how many plays?
-- One row per change. changed_at is the first play at the new level, plays_before all plays of the user before it,
-- also those before the days that were asked about.
WITH changed AS (
    SELECT user_id
    FROM fact_songplays
    GROUP BY user_id
    HAVING COUNT(DISTINCT level) > 1
),

plays AS (
    SELECT
        fact_songplays.songplay_id,
        fact_songplays.level,
        LAG(fact_songplays.level) OVER (
            PARTITION BY fact_songplays.user_id ORDER BY fact_songplays.start_time, fact_songplays.session_id
        ) AS level_before,
        ROW_NUMBER() OVER (
            PARTITION BY fact_songplays.user_id ORDER BY fact_songplays.start_time, fact_songplays.session_id
        ) - 1 AS plays_before
    FROM fact_songplays
    WHERE fact_songplays.user_id IN (SELECT changed.user_id FROM changed)
)

SELECT
    songplays.start_time AS changed_at,
    songplays.user_id,
    users.first_name,
    users.last_name,
    plays.level_before,
    plays.level AS level_after,
    plays.plays_before
FROM plays
INNER JOIN songplays ON plays.songplay_id = songplays.songplay_id
INNER JOIN users ON songplays.user_id = users.user_id
WHERE plays.level <> plays.level_before
ORDER BY changed_at, songplays.user_id, plays.plays_before;
