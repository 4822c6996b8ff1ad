-- warn of what was loaded: some of the events are plays
SELECT
    COUNT(*) AS events,
    COUNT(DISTINCT page) AS pages,
    MIN(page) AS first_page
FROM staging_events
HAVING COUNT(*) > 0 AND COUNT(CASE WHEN page LIKE 'NextSong' THEN user_id END) = 0;
