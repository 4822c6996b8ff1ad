-- Who comes back: how many of those who first listened in one week listen in the weeks after?
-- One row per cohort (the ISO week, Monday to Sunday, UTC, of a user's first play) and week since then with a
-- play.
WITH active AS (
    SELECT DISTINCT
        user_id,
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start
    FROM songplays
),

cohorts AS (
    SELECT
        user_id,
        MIN(week_start) AS cohort
    FROM active
    GROUP BY user_id
),

sizes AS (
    SELECT
        cohort,
        COUNT(*) AS cohort_users
    FROM cohorts
    GROUP BY cohort
)

SELECT
    cohorts.cohort,
    CAST((active.week_start - cohorts.cohort) / 7 AS INTEGER) AS weeks_later,
    sizes.cohort_users,
    COUNT(*) AS active_users,
    ROUND(100.0 * COUNT(*) / sizes.cohort_users, 1) AS active_percent
FROM active
INNER JOIN cohorts ON active.user_id = cohorts.user_id
INNER JOIN sizes ON cohorts.cohort = sizes.cohort
GROUP BY cohorts.cohort, active.week_start, sizes.cohort_users
ORDER BY cohorts.cohort, weeks_later;
