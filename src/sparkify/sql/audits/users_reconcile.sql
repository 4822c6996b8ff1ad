-- fail: users has a row for every user with an event, and no other, and each says what the latest event does
-- Events from the future count only for users who have no others, and then the first of them.
WITH latest AS (
    SELECT
        staging_events.user_id,
        MAX(CASE WHEN staging_events.ts <= event_horizon.horizon THEN staging_events.ts END) AS last_ts,
        MIN(staging_events.ts) AS first_ts
    FROM staging_events
    CROSS JOIN event_horizon
    WHERE staging_events.user_id IS NOT NULL
    GROUP BY staging_events.user_id
),

known AS (
    SELECT
        users.user_id,
        users.first_name,
        users.last_name,
        users.gender,
        users.level,
        user_latest_event.ts
    FROM users
    LEFT JOIN user_latest_event ON users.user_id = user_latest_event.user_id
)

SELECT
    CASE WHEN known.user_id IS NULL THEN 'no row' ELSE 'not as of the latest event' END AS fault,
    latest.user_id
FROM latest
LEFT JOIN known ON latest.user_id = known.user_id
CROSS JOIN event_horizon
WHERE
    known.user_id IS NULL
    OR known.ts < latest.last_ts
    OR (known.ts > event_horizon.horizon AND (latest.last_ts IS NOT NULL OR known.ts > latest.first_ts))
UNION ALL
SELECT
    'no event says so' AS fault,
    known.user_id
FROM known
CROSS JOIN audit_window
LEFT JOIN staging_events AS events
    ON
        known.user_id = events.user_id
        AND known.ts = events.ts
        AND (known.first_name = events.first_name OR COALESCE(known.first_name, events.first_name) IS NULL)
        AND (known.last_name = events.last_name OR COALESCE(known.last_name, events.last_name) IS NULL)
        AND (known.gender = events.gender OR COALESCE(known.gender, events.gender) IS NULL)
        AND (known.level = events.level OR COALESCE(known.level, events.level) IS NULL)
WHERE
    events.user_id IS NULL
    AND (known.ts IS NULL OR known.ts BETWEEN audit_window.first_moment AND audit_window.last_moment);
