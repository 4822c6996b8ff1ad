-- In which states do people listen?
-- One row per state. A metropolitan area across several states (New York-Newark-Jersey City, NY-NJ-PA) counts for
-- its first, where its main city is.
-- compare by: state
WITH locations AS (
    SELECT
        location,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY location, user_id
),

states AS (
    SELECT
        NULLIF(SPLIT_PART(SPLIT_PART(location, ', ', 2), '-', 1), '') AS state,
        user_id,
        plays
    FROM locations
)

SELECT
    state,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners
FROM states
GROUP BY state
ORDER BY plays DESC, listeners DESC, state;
