-- In which states do people listen?
-- One row per state. A metropolitan area across several states (New York-Newark-Jersey City, NY-NJ-PA) counts for
-- its first, where its main city is.
WITH plays AS (
    SELECT
        NULLIF(SPLIT_PART(SPLIT_PART(location, ', ', 2), '-', 1), '') AS state,
        user_id
    FROM songplays
)

SELECT
    state,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent,
    COUNT(DISTINCT user_id) AS listeners
FROM plays
GROUP BY state
ORDER BY plays DESC, listeners DESC, state;
