-- Which platforms do people listen on?
-- One row per platform, told by the user agent. An iPhone says that it is like Mac OS X and Android that it is a
-- Linux, so these come first.
-- compare by: platform
WITH agents AS (
    SELECT
        user_id,
        user_agent,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, user_agent
),

platforms AS (
    SELECT
        user_id,
        plays,
        CASE
            WHEN user_agent IS NULL THEN 'unknown'
            WHEN user_agent LIKE '%iPhone%' THEN 'iPhone'
            WHEN user_agent LIKE '%iPad%' THEN 'iPad'
            WHEN user_agent LIKE '%Android%' THEN 'Android'
            WHEN user_agent LIKE '%Windows%' THEN 'Windows'
            WHEN user_agent LIKE '%Macintosh%' THEN 'Mac'
            WHEN user_agent LIKE '%Linux%' THEN 'Linux'
            ELSE 'other'
        END AS platform
    FROM agents
)

SELECT
    platform,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners
FROM platforms
GROUP BY platform
ORDER BY plays DESC, platform;
