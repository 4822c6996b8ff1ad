-- warn of what was loaded: no day has far fewer or more events than its weekday had in the five weeks before
-- Compared with the median of at least three such days, so that one of them may be odd itself. How far is far depends
-- on how much days of one weekday differ: the spread has the quarter of them left out that differs most. Both are
-- logarithms, in which half is as far as twice. A day that is not over yet is not judged.
WITH judged AS (
    SELECT
        event_days.day,
        event_days.events
    FROM event_days
    INNER JOIN judged_days ON event_days.day = judged_days.day
    CROSS JOIN event_horizon
    WHERE event_days.day < CAST(event_horizon.horizon AS DATE) - 1
),

before AS (
    SELECT
        judged.day AS judged_day,
        EXTRACT(DOW FROM event_days.day) AS weekday,
        event_days.events
    FROM judged
    INNER JOIN event_days ON event_days.day < judged.day AND event_days.day >= judged.day - 35
),

medians AS (
    SELECT
        judged_day,
        weekday,
        MEDIAN(events) AS events,
        COUNT(*) AS weeks
    FROM before
    GROUP BY judged_day, weekday
),

spreads AS (
    SELECT
        before.judged_day,
        PERCENTILE_CONT(0.75) WITHIN GROUP (ORDER BY ABS(LN(before.events / medians.events))) AS spread
    FROM before
    INNER JOIN medians ON before.judged_day = medians.judged_day AND before.weekday = medians.weekday
    GROUP BY before.judged_day
)

SELECT
    judged.day,
    judged.events,
    medians.events AS usual_events
FROM judged
INNER JOIN medians ON judged.day = medians.judged_day AND EXTRACT(DOW FROM judged.day) = medians.weekday
INNER JOIN spreads ON judged.day = spreads.judged_day
WHERE
    medians.weeks >= 3
    AND ABS(LN(judged.events / medians.events)) > GREATEST(0.35, 5 * spreads.spread, 6 / SQRT(medians.events))
ORDER BY judged.day;
