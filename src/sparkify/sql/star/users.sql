-- users: one row per user.
-- Attributes come from the user's latest event by ts, then item_in_session, session_id, and, should two events
-- agree in all of these, the smallest level, names and gender. user_states remembers that event, so that a
-- late file can't move a user backwards and a new day need not read all days before it.
CREATE TEMP TABLE touched_users AS
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
    SELECT
        user_id,
        ts,
        item_in_session,
        session_id,
        first_name,
        last_name,
        gender,
        level
    FROM user_states
    -- What a user was by an event that is gone has to be looked up in all events that are left.
    WHERE
        user_states.user_id NOT IN (
            SELECT removed_events.user_id FROM removed_events
            WHERE removed_events.user_id IS NOT NULL
        )
    UNION ALL
    SELECT
        user_id,
        ts,
        item_in_session,
        session_id,
        first_name,
        last_name,
        gender,
        level
    FROM staging_events
    WHERE
        staging_events.user_id IN (
            SELECT removed_events.user_id FROM removed_events
            WHERE removed_events.user_id IS NOT NULL
        )
),

-- Few events are a user's last, and only these are worth ranking.
last_moments AS (
    SELECT
        user_id,
        MAX(ts) AS ts
    FROM events
    GROUP BY user_id
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
    INNER JOIN last_moments
        ON events.user_id = last_moments.user_id AND events.ts = last_moments.ts
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

DELETE FROM user_states
WHERE
    user_id IN (SELECT user_id FROM touched_users)
    OR user_id IN (
        SELECT removed_events.user_id FROM removed_events
        WHERE removed_events.user_id IS NOT NULL
    );

INSERT INTO user_states (
    user_id, ts, item_in_session, session_id, first_name, last_name, gender, level
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
FROM touched_users;

DELETE FROM users
WHERE
    user_id IN (SELECT user_id FROM touched_users)
    OR user_id IN (
        SELECT removed_events.user_id FROM removed_events
        WHERE removed_events.user_id IS NOT NULL
    );

INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    user_id,
    first_name,
    last_name,
    gender,
    level
FROM touched_users;

DROP TABLE touched_users;
