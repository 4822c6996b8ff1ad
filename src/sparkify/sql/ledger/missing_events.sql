-- missing events: one row per replaced file with events that no file has any more, and how many these are.
WITH same_time AS (
    -- So that of a long history only the time of the replaced files is read.
    SELECT
        staging_events.ts,
        staging_events.session_id,
        staging_events.user_id
    FROM staging_events
    WHERE
        staging_events.ts >= (SELECT MIN(removed_events.ts) FROM removed_events)
        AND staging_events.ts <= (SELECT MAX(removed_events.ts) FROM removed_events)
)

SELECT
    removed_events.file_id,
    COUNT(*) AS missing
FROM removed_events
LEFT JOIN same_time
    ON
        removed_events.ts = same_time.ts
        AND removed_events.session_id = same_time.session_id
        AND COALESCE(removed_events.user_id, -1) = COALESCE(same_time.user_id, -1)
WHERE same_time.ts IS NULL
GROUP BY removed_events.file_id;
