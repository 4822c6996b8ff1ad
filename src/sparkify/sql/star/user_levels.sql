-- user_levels: one row per user and span of time in which the user has one level: the history of users.level.
-- By the time of events, so it does not matter when files arrive. Of the events of a moment that one counts which would
-- count for users, and events after the user's latest one, as user_latest_event has it, are from the future.
-- Only users are touched of whom an event does not say what its span says; and from the first such event on their spans
-- are derived anew. Levels are compared with their lengths, because blanks at the end of a text don't count when
-- Redshift compares it.
CREATE TEMP TABLE touched_levels AS
WITH said AS (
    SELECT
        user_id,
        level,
        LENGTH(level) AS level_length,
        MIN(ts) AS first_ts,
        MAX(ts) AS last_ts
    FROM batch_events
    WHERE user_id IS NOT NULL
    GROUP BY user_id, level, LENGTH(level)
),

unsettled AS (
    SELECT
        said.user_id,
        said.first_ts AS ts
    FROM said
    LEFT JOIN user_levels
        ON
            said.user_id = user_levels.user_id
            AND said.first_ts >= user_levels.valid_from
            AND (said.last_ts < user_levels.valid_to OR user_levels.valid_to IS NULL)
            AND COALESCE(said.level, '') = COALESCE(user_levels.level, '')
            AND COALESCE(said.level_length, -1) = COALESCE(LENGTH(user_levels.level), -1)
    WHERE user_levels.user_id IS NULL
    UNION ALL
    SELECT
        user_id,
        ts
    FROM removed_events
    WHERE user_id IS NOT NULL
    UNION ALL
    SELECT
        user_id,
        ts
    FROM due_events
)

SELECT
    unsettled.user_id,
    MIN(unsettled.ts) AS since,
    MAX(user_latest_event.ts) AS last_ts
FROM unsettled
LEFT JOIN user_latest_event ON unsettled.user_id = user_latest_event.user_id
GROUP BY unsettled.user_id;

-- Most users have one level all day: then one row stands for all events of the day.
CREATE TEMP TABLE day_levels AS
SELECT
    events.user_id,
    events.level,
    CAST(events.ts AS DATE) AS day,
    MIN(events.ts) AS first_ts,
    MAX(events.ts) AS last_ts
FROM staging_events AS events
INNER JOIN touched_levels
    ON
        events.user_id = touched_levels.user_id
        AND events.ts >= touched_levels.since
        AND events.ts <= touched_levels.last_ts
GROUP BY events.user_id, events.level, LENGTH(events.level), CAST(events.ts AS DATE);

CREATE TEMP TABLE new_levels AS
WITH mixed_days AS (
    SELECT
        user_id,
        day,
        MIN(first_ts) AS first_ts,
        MAX(last_ts) AS last_ts
    FROM day_levels
    GROUP BY user_id, day
    HAVING COUNT(*) > 1
),

ranked AS (
    SELECT
        events.user_id,
        events.level,
        events.ts,
        ROW_NUMBER() OVER (
            PARTITION BY events.user_id, events.ts
            ORDER BY events.item_in_session DESC NULLS LAST, events.session_id DESC, events.level
        ) AS choice
    FROM staging_events AS events
    INNER JOIN mixed_days
        ON
            events.user_id = mixed_days.user_id
            AND CAST(events.ts AS DATE) = mixed_days.day
            AND events.ts >= mixed_days.first_ts
            AND events.ts <= mixed_days.last_ts
),

moments AS (
    SELECT
        user_levels.user_id,
        user_levels.level,
        user_levels.valid_from
    FROM user_levels
    INNER JOIN touched_levels ON user_levels.user_id = touched_levels.user_id
    WHERE user_levels.valid_from < touched_levels.since
    UNION ALL
    SELECT
        day_levels.user_id,
        day_levels.level,
        day_levels.first_ts AS valid_from
    FROM day_levels
    LEFT JOIN mixed_days ON day_levels.user_id = mixed_days.user_id AND day_levels.day = mixed_days.day
    WHERE mixed_days.user_id IS NULL
    UNION ALL
    SELECT
        user_id,
        level,
        ts AS valid_from
    FROM ranked
    WHERE choice = 1
),

compared AS (
    SELECT
        user_id,
        level,
        valid_from,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY valid_from) AS place,
        LAG(level) OVER (PARTITION BY user_id ORDER BY valid_from) AS level_before
    FROM moments
)

SELECT
    user_id,
    level,
    valid_from,
    LEAD(valid_from) OVER (PARTITION BY user_id ORDER BY valid_from) AS valid_to
FROM compared
WHERE
    place = 1
    OR COALESCE(level, '') <> COALESCE(level_before, '')
    OR COALESCE(LENGTH(level), -1) <> COALESCE(LENGTH(level_before), -1);

DELETE FROM user_levels
WHERE user_id IN (SELECT touched_levels.user_id FROM touched_levels);

INSERT INTO user_levels
SELECT
    user_id,
    level,
    valid_from,
    valid_to
FROM new_levels;

DROP TABLE day_levels;
DROP TABLE new_levels;
