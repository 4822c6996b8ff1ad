-- Which browsers do people listen with?
-- One row per browser, told by the user agent. Most browsers also name those that they are compatible with, so
-- the order of the tests matters.
-- compare by: browser
WITH agents AS (
    SELECT
        user_id,
        user_agent,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, user_agent
),

browsers AS (
    SELECT
        user_id,
        plays,
        CASE
            WHEN user_agent IS NULL THEN 'unknown'
            WHEN user_agent LIKE '%Edg%' THEN 'Edge'
            WHEN user_agent LIKE '%OPR/%' OR user_agent LIKE '%Opera%' THEN 'Opera'
            WHEN user_agent LIKE '%Chromium/%' THEN 'Chromium'
            WHEN user_agent LIKE '%Chrome/%' OR user_agent LIKE '%CriOS/%' THEN 'Chrome'
            WHEN user_agent LIKE '%Firefox/%' OR user_agent LIKE '%FxiOS/%' THEN 'Firefox'
            WHEN user_agent LIKE '%MSIE %' OR user_agent LIKE '%Trident/%' THEN 'Internet Explorer'
            WHEN user_agent LIKE '%Safari/%' THEN 'Safari'
            ELSE 'other'
        END AS browser
    FROM agents
)

SELECT
    browser,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners
FROM browsers
GROUP BY browser
ORDER BY plays DESC, browser;
