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
        user_states.ts
    FROM users
    LEFT JOIN user_states ON users.user_id = user_states.user_id
),

agreeing AS (
    SELECT DISTINCT known.user_id
    FROM known
    INNER JOIN staging_events
        ON known.user_id = staging_events.user_id AND known.ts = staging_events.ts
    WHERE
        (known.first_name = staging_events.first_name OR COALESCE(known.first_name, staging_events.first_name) IS NULL)
        AND (known.last_name = staging_events.last_name OR COALESCE(known.last_name, staging_events.last_name) IS NULL)
        AND (known.gender = staging_events.gender OR COALESCE(known.gender, staging_events.gender) IS NULL)
        AND (known.level = staging_events.level OR COALESCE(known.level, staging_events.level) IS NULL)
)

SELECT
    'no row' AS fault,
    latest.user_id
FROM latest
LEFT JOIN known ON latest.user_id = known.user_id
WHERE known.user_id IS NULL
UNION ALL
SELECT
    'not as of the latest event' AS fault,
    known.user_id
FROM known
INNER JOIN latest ON known.user_id = latest.user_id
CROSS JOIN event_horizon
WHERE
    known.ts < latest.last_ts
    OR (known.ts > event_horizon.horizon AND (latest.last_ts IS NOT NULL OR known.ts > latest.first_ts))
UNION ALL
SELECT
    'no event says so' AS fault,
    known.user_id
FROM known
LEFT JOIN agreeing ON known.user_id = agreeing.user_id
CROSS JOIN audit_window
WHERE
    agreeing.user_id IS NULL
    AND (known.ts IS NULL OR known.ts BETWEEN audit_window.first_moment AND audit_window.last_moment);
