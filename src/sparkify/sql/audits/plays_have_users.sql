-- warn of what was loaded: every NextSong event has a user (those without are no plays)
SELECT
    CASE WHEN LOWER(auth) = 'logged out' THEN 'logged out' ELSE 'userId missing or empty' END AS reason,
    COUNT(*) AS events,
    MIN(ts) AS first_moment
FROM staging_events
WHERE page LIKE 'NextSong' AND user_id IS NULL
GROUP BY CASE WHEN LOWER(auth) = 'logged out' THEN 'logged out' ELSE 'userId missing or empty' END;
