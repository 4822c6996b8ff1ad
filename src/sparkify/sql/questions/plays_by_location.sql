-- Where do people listen?
-- One row per location, as a rule a metropolitan area.
-- compare by: location
SELECT
    location,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM songplays
GROUP BY location
ORDER BY plays DESC, listeners DESC, location;
