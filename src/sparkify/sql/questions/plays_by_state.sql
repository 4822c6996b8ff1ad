-- In which states do people listen?
-- One row per state. A metropolitan area across several states (New York-Newark-Jersey City, NY-NJ-PA) counts for
-- its first, where its main city is.
-- compare by: state
WITH locations AS (
    SELECT DISTINCT location
    FROM songplays
    WHERE location IS NOT NULL
),

states AS (
    SELECT
        location,
        NULLIF(SPLIT_PART(SPLIT_PART(location, ', ', 2), '-', 1), '') AS state
    FROM locations
),

listened AS (
    SELECT
        states.state,
        songplays.user_id,
        COUNT(*) AS plays
    FROM songplays
    LEFT JOIN states ON songplays.location = states.location
    GROUP BY states.state, songplays.user_id
)

SELECT
    state,
    CAST(SUM(plays) AS BIGINT) AS plays,
    ROUND(100.0 * SUM(plays) / SUM(SUM(plays)) OVER (), 1) AS share_percent,
    COUNT(user_id) AS listeners
FROM listened
GROUP BY state
ORDER BY plays DESC, listeners DESC, state;
