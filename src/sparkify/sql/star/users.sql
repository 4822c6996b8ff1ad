-- users: one row per user.
-- Attributes come from the user's latest event by ts, then item_in_session, session_id, and, should two events
-- agree in all of these, the smallest level, names and gender. Events from the future don't count, unless a user
-- has no others: then the first of them does. user_latest_event remembers which event it was, so that a late file can't
-- move a user backwards and a new day need not read all days before it.
-- Only users that this run can change are written, and touched_users keeps who they are for the audits.
CREATE TEMP TABLE touched_users AS
WITH removed AS (
    SELECT DISTINCT
        user_id,
        ts
    FROM removed_events
    WHERE user_id IS NOT NULL
),

removed_states AS (
    SELECT user_latest_event.*
    FROM user_latest_event
    INNER JOIN removed
        ON user_latest_event.user_id = removed.user_id AND user_latest_event.ts = removed.ts
),

-- Removed and not brought again: what such a user was before has to be looked up in all events that are left. Lengths,
-- because blanks at the end of a text don't count when Redshift compares it.
lost_states AS (
    SELECT
        user_id,
        ts,
        item_in_session,
        session_id,
        first_name,
        last_name,
        gender,
        level,
        LENGTH(first_name) AS first_name_length,
        LENGTH(last_name) AS last_name_length,
        LENGTH(gender) AS gender_length,
        LENGTH(level) AS level_length
    FROM removed_states
    EXCEPT
    SELECT
        batch_events.user_id,
        batch_events.ts,
        batch_events.item_in_session,
        batch_events.session_id,
        batch_events.first_name,
        batch_events.last_name,
        batch_events.gender,
        batch_events.level,
        LENGTH(batch_events.first_name) AS first_name_length,
        LENGTH(batch_events.last_name) AS last_name_length,
        LENGTH(batch_events.gender) AS gender_length,
        LENGTH(batch_events.level) AS level_length
    FROM batch_events
    INNER JOIN removed_states
        ON batch_events.user_id = removed_states.user_id AND batch_events.ts = removed_states.ts
),

touched AS (
    SELECT DISTINCT
        user_id,
        0 AS is_lost
    FROM batch_events
    WHERE user_id IS NOT NULL
    UNION ALL
    SELECT
        user_id,
        1 AS is_lost
    FROM lost_states
    UNION ALL
    SELECT
        due_events.user_id,
        -- The clock was put back: what the user is may now be from the future.
        CASE WHEN due_events.ts > event_horizon.horizon THEN 1 ELSE 0 END AS is_lost
    FROM due_events
    CROSS JOIN event_horizon
)

SELECT
    user_id,
    MAX(is_lost) AS is_lost
FROM touched
GROUP BY user_id;

CREATE TEMP TABLE new_states AS
WITH events AS (
    SELECT
        user_id,
        ts,
        item_in_session,
        session_id,
        first_name,
        last_name,
        gender,
        level
    FROM batch_events
    WHERE user_id IS NOT NULL
    UNION ALL
    SELECT * FROM due_events
    UNION ALL
    SELECT user_latest_event.*
    FROM user_latest_event
    INNER JOIN touched_users ON user_latest_event.user_id = touched_users.user_id
    WHERE touched_users.is_lost = 0
    UNION ALL
    SELECT
        staging_events.user_id,
        staging_events.ts,
        staging_events.item_in_session,
        staging_events.session_id,
        staging_events.first_name,
        staging_events.last_name,
        staging_events.gender,
        staging_events.level
    FROM staging_events
    INNER JOIN touched_users ON staging_events.user_id = touched_users.user_id
    WHERE touched_users.is_lost = 1
),

-- Few events are a user's last, and only these are worth ranking.
moments AS (
    SELECT
        events.user_id,
        COALESCE(
            MAX(CASE WHEN events.ts <= event_horizon.horizon THEN events.ts END), MIN(events.ts)
        ) AS ts
    FROM events
    CROSS JOIN event_horizon
    GROUP BY events.user_id
),

ranked AS (
    SELECT
        events.user_id,
        events.ts,
        events.item_in_session,
        events.session_id,
        events.first_name,
        events.last_name,
        events.gender,
        events.level,
        ROW_NUMBER() OVER (
            PARTITION BY events.user_id
            ORDER BY
                events.item_in_session DESC NULLS LAST,
                events.session_id DESC,
                events.level,
                events.first_name,
                events.last_name,
                events.gender
        ) AS choice
    FROM events
    INNER JOIN moments
        ON events.user_id = moments.user_id AND events.ts = moments.ts
)

SELECT
    user_id,
    ts,
    item_in_session,
    session_id,
    first_name,
    last_name,
    gender,
    level
FROM ranked
WHERE choice = 1;

DELETE FROM user_latest_event
WHERE user_id IN (SELECT touched_users.user_id FROM touched_users);

INSERT INTO user_latest_event
SELECT * FROM new_states;

DELETE FROM users
WHERE user_id IN (SELECT touched_users.user_id FROM touched_users);

INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    user_id,
    first_name,
    last_name,
    gender,
    level
FROM new_states;

DROP TABLE new_states;
