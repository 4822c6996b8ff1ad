-- fail: each event is of another page, without a user, or one of a play's deliveries; and each play was delivered
-- Each event is looked for in songplays, and each play among the events: numbers that agree could hide as many lost
-- events as there are plays that nobody delivered. Plays whose events were pruned are counted: on each day they are as
-- many as pruned_events says, of which a run sees whole days only between the first and the last that it looks at.
WITH events AS (
    SELECT
        ts,
        user_id,
        session_id
    FROM staging_events
    WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
),

faults AS (
    SELECT
        CASE WHEN events.ts IS NULL THEN 1 ELSE 0 END AS is_play,
        COALESCE(events.ts, songplays.start_time) AS moment
    FROM events
    FULL OUTER JOIN songplays
        ON
            events.ts = songplays.start_time
            AND events.user_id = songplays.user_id
            AND events.session_id = songplays.session_id
    WHERE events.ts IS NULL OR songplays.start_time IS NULL
),

found AS (
    SELECT
        CAST(moment AS DATE) AS day,
        is_play,
        COUNT(*) AS rows_found,
        MIN(moment) AS first_moment
    FROM faults
    GROUP BY CAST(moment AS DATE), is_play
),

pruned AS (
    SELECT
        day,
        1 AS is_play,
        SUM(plays) AS plays
    FROM pruned_events
    GROUP BY day
),

days AS (
    SELECT
        COALESCE(found.is_play, 1) AS is_play,
        COALESCE(found.rows_found, 0) AS rows_found,
        COALESCE(pruned.plays, 0) AS pruned_plays,
        COALESCE(found.first_moment, CAST(pruned.day AS TIMESTAMP)) AS first_moment
    FROM found
    FULL OUTER JOIN pruned ON found.day = pruned.day AND found.is_play = pruned.is_play
)

SELECT
    CASE
        WHEN days.is_play = 0 THEN 'event without a play'
        WHEN days.rows_found > days.pruned_plays THEN 'play without an event'
        ELSE 'pruned event without a play'
    END AS fault,
    ABS(days.rows_found - days.pruned_plays) AS rows_found,
    days.first_moment
FROM days
CROSS JOIN audit_window
WHERE
    days.rows_found > days.pruned_plays
    OR (
        days.rows_found < days.pruned_plays
        AND CAST(days.first_moment AS DATE) > CAST(audit_window.first_moment AS DATE)
        AND CAST(days.first_moment AS DATE) < CAST(audit_window.last_moment AS DATE)
    );
