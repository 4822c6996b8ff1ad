-- fail: every play has the level of its span in user_levels, and every span begins with an event that says so
-- Where events of one moment say several levels, one of them counts, and the play may have another. Events from the
-- future count only for users who have no others.
WITH other_plays AS (
    SELECT
        songplays.songplay_id,
        songplays.start_time,
        songplays.user_id,
        songplays.level,
        user_levels.user_id AS span_of,
        user_levels.level AS span_level
    FROM songplays
    LEFT JOIN user_levels
        ON
            songplays.user_id = user_levels.user_id
            AND songplays.start_time >= user_levels.valid_from
            AND (songplays.start_time < user_levels.valid_to OR user_levels.valid_to IS NULL)
    WHERE
        user_levels.user_id IS NULL
        OR songplays.level <> user_levels.level
        OR (songplays.level IS NULL AND user_levels.level IS NOT NULL)
        OR (songplays.level IS NOT NULL AND user_levels.level IS NULL)
),

said AS (
    SELECT
        other_plays.songplay_id,
        other_plays.user_id,
        other_plays.start_time,
        CASE
            WHEN events.level = other_plays.level THEN 1
            WHEN events.user_id IS NOT NULL AND COALESCE(events.level, other_plays.level) IS NULL THEN 1
            ELSE 0
        END AS is_of_play,
        CASE
            WHEN events.level = other_plays.span_level THEN 1
            WHEN events.user_id IS NOT NULL AND COALESCE(events.level, other_plays.span_level) IS NULL THEN 1
            ELSE 0
        END AS is_of_span
    FROM other_plays
    CROSS JOIN event_horizon
    LEFT JOIN staging_events AS events
        ON other_plays.span_of = events.user_id AND other_plays.start_time = events.ts
    WHERE other_plays.start_time <= event_horizon.horizon
)

SELECT
    'a play at another level' AS fault,
    user_id,
    start_time AS ts
FROM said
GROUP BY songplay_id, user_id, start_time
HAVING SUM(is_of_play) = 0 OR SUM(is_of_span) = 0
UNION ALL
SELECT
    'no event begins it' AS fault,
    user_levels.user_id,
    user_levels.valid_from AS ts
FROM user_levels
CROSS JOIN audit_window
LEFT JOIN staging_events AS events
    ON
        user_levels.user_id = events.user_id
        AND user_levels.valid_from = events.ts
        AND (user_levels.level = events.level OR COALESCE(user_levels.level, events.level) IS NULL)
WHERE
    events.user_id IS NULL
    AND user_levels.valid_from BETWEEN audit_window.first_moment AND audit_window.last_moment;
