-- Where do people listen?
-- One row per location, as a rule a metropolitan area.
-- compare by: location
WITH listened AS (
    SELECT
        location,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY location, user_id
)

SELECT
    location,
    CAST(SUM(plays) AS BIGINT) AS plays,
    COUNT(user_id) AS listeners
FROM listened
GROUP BY location
ORDER BY plays DESC, listeners DESC, location;
