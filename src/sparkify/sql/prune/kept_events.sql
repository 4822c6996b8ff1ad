-- kept_events: one row per event before the day of `pruning` that stays: what users and user_levels go by, which are
-- derived anew where files change, and what their audits look for.
-- Of each user, all events of the last moment, of each moment at which a span of one level begins, and of each moment
-- at which events say several levels.
WITH old_events AS (
    SELECT
        staging_events.user_id,
        staging_events.ts,
        staging_events.level
    FROM staging_events
    CROSS JOIN pruning
    WHERE staging_events.ts < pruning.before_moment AND staging_events.user_id IS NOT NULL
),

day_levels AS (
    SELECT
        user_id,
        level,
        CAST(ts AS DATE) AS day
    FROM old_events
    GROUP BY user_id, level, LENGTH(level), CAST(ts AS DATE)
),

mixed_days AS (
    SELECT
        user_id,
        day
    FROM day_levels
    GROUP BY user_id, day
    HAVING COUNT(*) > 1
),

kept_moments AS (
    SELECT
        user_id,
        MAX(ts) AS ts
    FROM old_events
    GROUP BY user_id
    UNION
    SELECT
        user_id,
        valid_from AS ts
    FROM user_levels
    UNION
    SELECT
        old_events.user_id,
        old_events.ts
    FROM old_events
    INNER JOIN mixed_days
        ON old_events.user_id = mixed_days.user_id AND CAST(old_events.ts AS DATE) = mixed_days.day
    GROUP BY old_events.user_id, old_events.ts
    HAVING
        MIN(COALESCE(old_events.level, '')) <> MAX(COALESCE(old_events.level, ''))
        OR MIN(COALESCE(LENGTH(old_events.level), -1)) <> MAX(COALESCE(LENGTH(old_events.level), -1))
)

SELECT staging_events.*
FROM staging_events
INNER JOIN kept_moments ON staging_events.user_id = kept_moments.user_id AND staging_events.ts = kept_moments.ts
CROSS JOIN pruning
WHERE staging_events.ts < pruning.before_moment;
