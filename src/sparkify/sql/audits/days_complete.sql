-- warn of what was loaded: no day is without events whose weekday has some in the weeks before or after
-- At least two of the four days a week apart must lie within the time that events are of, and three quarters of these
-- must have events. Of a long gap the first week is named.
WITH days AS (
    SELECT event_days.day
    FROM event_days
    CROSS JOIN event_horizon
    WHERE event_days.day <= CAST(event_horizon.horizon AS DATE)
),

bounds AS (
    SELECT
        MIN(day) AS first_day,
        MAX(day) AS last_day
    FROM days
),

followed AS (
    SELECT
        day,
        LAG(day) OVER (ORDER BY day) AS day_before
    FROM days
),

weekdays AS (
    SELECT 1 AS number
    UNION ALL
    SELECT 2 AS number
    UNION ALL
    SELECT 3 AS number
    UNION ALL
    SELECT 4 AS number
    UNION ALL
    SELECT 5 AS number
    UNION ALL
    SELECT 6 AS number
    UNION ALL
    SELECT 7 AS number
),

missing AS (
    SELECT followed.day_before + weekdays.number AS day
    FROM followed
    INNER JOIN judged_days ON followed.day = judged_days.day
    INNER JOIN weekdays ON followed.day_before + weekdays.number < followed.day
),

-- The days of four weeks before (-4 to -1) and of four weeks after (1 to 4).
weeks AS (
    SELECT
        missing.day,
        CASE WHEN weekdays.number < 5 THEN -1 ELSE 1 END AS side,
        missing.day + 7 * (CASE WHEN weekdays.number < 5 THEN weekdays.number - 5 ELSE weekdays.number - 4 END)
            AS other_day
    FROM missing
    CROSS JOIN weekdays
),

sides AS (
    SELECT
        weeks.day,
        weeks.side,
        COUNT(*) AS expected,
        COUNT(days.day) AS found
    FROM weeks
    INNER JOIN bounds ON weeks.other_day BETWEEN bounds.first_day AND bounds.last_day
    LEFT JOIN days ON weeks.other_day = days.day
    GROUP BY weeks.day, weeks.side
)

SELECT DISTINCT day AS missing_day
FROM sides
WHERE expected >= 2 AND 4 * found >= 3 * expected
ORDER BY day;
