-- fail: each event is of another page, without a user, or one of a play's deliveries; and each play was delivered
-- Each event is looked for in songplays, and each play among the events: numbers that agree could hide as many lost
-- events as there are plays that nobody delivered.
WITH events AS (
    SELECT
        ts,
        user_id,
        session_id,
        CASE WHEN page LIKE 'NextSong' THEN 1 ELSE 0 END AS is_next_song
    FROM staging_events
),

plays AS (
    SELECT
        start_time,
        user_id,
        session_id,
        1 AS is_next_song
    FROM songplays
),

faults AS (
    SELECT
        CASE WHEN events.ts IS NULL THEN 'play without an event' ELSE 'event without a play' END AS fault,
        COALESCE(events.ts, plays.start_time) AS moment
    FROM events
    FULL OUTER JOIN plays
        ON
            events.ts = plays.start_time
            AND events.user_id = plays.user_id
            AND events.session_id = plays.session_id
            AND events.is_next_song = plays.is_next_song
    WHERE
        events.ts IS NULL
        OR (plays.start_time IS NULL AND events.is_next_song = 1 AND events.user_id IS NOT NULL)
)

SELECT
    fault,
    COUNT(*) AS rows_found,
    MIN(moment) AS first_moment
FROM faults
GROUP BY fault;
