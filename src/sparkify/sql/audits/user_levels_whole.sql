-- fail: every user has a span for each moment since the first event, one only, and the last one says what users does
WITH ordered AS (
    SELECT
        user_id,
        level,
        valid_from,
        valid_to,
        LEAD(valid_from) OVER (PARTITION BY user_id ORDER BY valid_from) AS next_from,
        LEAD(level) OVER (PARTITION BY user_id ORDER BY valid_from) AS next_level
    FROM user_levels
),

last_spans AS (
    SELECT
        user_id,
        level
    FROM user_levels
    WHERE valid_to IS NULL
)

SELECT
    CASE
        WHEN valid_from IS NULL OR valid_from >= valid_to THEN 'no time in it'
        WHEN valid_to IS NULL OR valid_to > next_from THEN 'an overlap'
        WHEN next_from IS NULL OR valid_to < next_from THEN 'a gap'
        ELSE 'no change'
    END AS fault,
    user_id,
    valid_from
FROM ordered
WHERE
    valid_from IS NULL
    OR valid_from >= valid_to
    OR (valid_to IS NULL AND next_from IS NOT NULL)
    OR (valid_to IS NOT NULL AND next_from IS NULL)
    OR valid_to <> next_from
    OR (
        next_from IS NOT NULL
        AND (level = next_level OR COALESCE(level, next_level) IS NULL)
        AND COALESCE(LENGTH(level), -1) = COALESCE(LENGTH(next_level), -1)
    )
UNION ALL
SELECT
    CASE
        WHEN last_spans.user_id IS NULL THEN 'no span'
        WHEN users.user_id IS NULL THEN 'no such user'
        ELSE 'not the level in users'
    END AS fault,
    COALESCE(users.user_id, last_spans.user_id) AS user_id,
    CAST(NULL AS TIMESTAMP) AS valid_from
FROM users
FULL JOIN last_spans ON users.user_id = last_spans.user_id
WHERE
    users.user_id IS NULL
    OR last_spans.user_id IS NULL
    OR COALESCE(users.level, '') <> COALESCE(last_spans.level, '')
    OR COALESCE(LENGTH(users.level), -1) <> COALESCE(LENGTH(last_spans.level), -1);
