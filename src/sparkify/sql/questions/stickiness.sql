-- How sticky is the service: what share of a month's listeners comes on an average day?
-- One row per month (UTC). The average is over the days with a play; stickiness_percent is 100 for a service that
-- everyone uses every day.
WITH active AS (
    SELECT DISTINCT
        CAST(start_time AS DATE) AS day,
        user_id
    FROM songplays
),

active_in_month AS (
    SELECT
        CAST(DATE_TRUNC('month', day) AS DATE) AS month_start,
        day,
        user_id
    FROM active
)

SELECT
    month_start,
    COUNT(DISTINCT day) AS days,
    COUNT(DISTINCT user_id) AS monthly_users,
    ROUND(1.0 * COUNT(*) / COUNT(DISTINCT day), 1) AS daily_users,
    ROUND(100.0 * COUNT(*) / (COUNT(DISTINCT day) * COUNT(DISTINCT user_id)), 1) AS stickiness_percent
FROM active_in_month
GROUP BY month_start
ORDER BY month_start;
