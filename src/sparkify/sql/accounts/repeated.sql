-- One row: how many events of this run are further deliveries of a play that has come before, in this run or an earlier
-- one. Only touched plays can be such, so only of these all deliveries are counted.
WITH arrived AS (
    SELECT
        batch_events.ts,
        batch_events.user_id,
        batch_events.session_id,
        COUNT(*) AS deliveries
    FROM batch_events
    INNER JOIN touched_plays
        ON
            batch_events.ts = touched_plays.start_time
            AND batch_events.user_id = touched_plays.user_id
            AND batch_events.session_id = touched_plays.session_id
    WHERE batch_events.page LIKE 'NextSong'
    GROUP BY batch_events.ts, batch_events.user_id, batch_events.session_id
),

staged AS (
    SELECT
        staging_events.ts,
        staging_events.user_id,
        staging_events.session_id,
        COUNT(*) AS deliveries
    FROM staging_events
    INNER JOIN touched_plays
        ON
            staging_events.ts = touched_plays.start_time
            AND staging_events.user_id = touched_plays.user_id
            AND staging_events.session_id = touched_plays.session_id
    WHERE staging_events.page LIKE 'NextSong'
    GROUP BY staging_events.ts, staging_events.user_id, staging_events.session_id
)

SELECT
    CAST(
        COALESCE(SUM(
            CASE
                WHEN staged.deliveries > arrived.deliveries THEN arrived.deliveries
                ELSE arrived.deliveries - 1
            END
        ), 0) AS BIGINT
    ) AS further_deliveries
FROM arrived
INNER JOIN staged
    ON
        arrived.ts = staged.ts
        AND arrived.user_id = staged.user_id
        AND arrived.session_id = staged.session_id;
