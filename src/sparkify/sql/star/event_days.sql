-- event_days: one row per day, in UTC, with how many of its events are loaded.
-- touched_days keeps for the audits which of them this run has changed.
CREATE TEMP TABLE touched_days AS
WITH changes AS (
    SELECT
        CAST(ts AS DATE) AS day,
        COUNT(*) AS events
    FROM batch_events
    GROUP BY CAST(ts AS DATE)
    UNION ALL
    SELECT
        CAST(ts AS DATE) AS day,
        -COUNT(*) AS events
    FROM removed_events
    GROUP BY CAST(ts AS DATE)
)

SELECT
    day,
    SUM(events) AS events
FROM changes
GROUP BY day;

CREATE TEMP TABLE new_days AS
SELECT
    touched_days.day,
    CAST(touched_days.events + COALESCE(event_days.events, 0) AS BIGINT) AS events
FROM touched_days
LEFT JOIN event_days ON touched_days.day = event_days.day;

DELETE FROM event_days
WHERE day IN (SELECT touched_days.day FROM touched_days);

INSERT INTO event_days
SELECT
    day,
    events
FROM new_days
WHERE events > 0;

DROP TABLE new_days;
