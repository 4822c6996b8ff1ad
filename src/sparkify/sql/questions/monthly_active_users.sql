-- How many people listen each month?
-- One row per month (UTC) with a play. A user is active who plays a song. days: how many of the month's the data cover;
-- with fewer than it has the month is incomplete.
WITH listened AS (
    SELECT
        CAST(DATE_TRUNC('month', start_time) AS DATE) AS month_start,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(DATE_TRUNC('month', start_time) AS DATE), user_id
),

months AS (
    SELECT
        month_start,
        COUNT(user_id) AS active_users,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM listened
    GROUP BY month_start
),

whole_months AS (
    SELECT
        month_start,
        active_users,
        plays,
        CAST(DATE_TRUNC('month', month_start + 31) AS DATE) - 1 AS month_end
    FROM months
)

SELECT
    whole_months.month_start,
    whole_months.active_users,
    whole_months.plays,
    CAST(
        GREATEST(
            LEAST(whole_months.month_end, play_span.last_day)
            - GREATEST(whole_months.month_start, play_span.first_day)
            + 1,
            0
        ) AS INTEGER
    ) AS days
FROM whole_months
CROSS JOIN play_span
ORDER BY whole_months.month_start;
