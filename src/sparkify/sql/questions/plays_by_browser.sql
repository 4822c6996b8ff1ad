-- Which browsers do people listen with?
-- One row per browser, told by the user agent. Most browsers also name those that they are compatible with, so
-- the order of the tests matters.
-- compare by: browser
WITH agents AS (
    SELECT DISTINCT user_agent
    FROM songplays
    WHERE user_agent IS NOT NULL
),

browsers AS (
    SELECT
        user_agent,
        CASE
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
),

listened AS (
    SELECT
        songplays.user_id,
        COALESCE(browsers.browser, 'unknown') AS browser,
        COUNT(*) AS plays
    FROM songplays
    LEFT JOIN browsers ON songplays.user_agent = browsers.user_agent
    GROUP BY songplays.user_id, COALESCE(browsers.browser, 'unknown')
)

SELECT
    browser,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(user_id) AS listeners
FROM listened
GROUP BY browser
ORDER BY plays DESC, browser;
