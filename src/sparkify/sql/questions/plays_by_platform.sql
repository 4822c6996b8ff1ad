-- Which platforms do people listen on?
-- One row per platform, told by the user agent. An iPhone says that it is like Mac OS X and Android that it is a
-- Linux, so these come first.
-- compare by: platform
WITH agents AS (
    SELECT DISTINCT user_agent
    FROM songplays
    WHERE user_agent IS NOT NULL
),

platforms AS (
    SELECT
        user_agent,
        CASE
            WHEN user_agent LIKE '%iPhone%' THEN 'iPhone'
            WHEN user_agent LIKE '%iPad%' THEN 'iPad'
            WHEN user_agent LIKE '%Android%' THEN 'Android'
            WHEN user_agent LIKE '%Windows%' THEN 'Windows'
            WHEN user_agent LIKE '%Macintosh%' THEN 'Mac'
            WHEN user_agent LIKE '%Linux%' THEN 'Linux'
            ELSE 'other'
        END AS platform
    FROM agents
),

listened AS (
    SELECT
        songplays.user_id,
        COALESCE(platforms.platform, 'unknown') AS platform,
        COUNT(*) AS plays
    FROM songplays
    LEFT JOIN platforms ON songplays.user_agent = platforms.user_agent
    GROUP BY songplays.user_id, COALESCE(platforms.platform, 'unknown')
)

SELECT
    platform,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(user_id) AS listeners
FROM listened
GROUP BY platform
ORDER BY plays DESC, platform;
