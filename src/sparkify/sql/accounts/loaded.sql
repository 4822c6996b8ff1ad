-- One row: where the events went that this run has loaded. A play that has come before, in this run or an earlier one,
-- is a further delivery. Only touched plays can be such, so only of these all deliveries are counted.
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
),

repeated AS (
    SELECT
        COALESCE(SUM(
            CASE
                WHEN staged.deliveries > arrived.deliveries THEN arrived.deliveries
                ELSE arrived.deliveries - 1
            END
        ), 0) AS further_deliveries
    FROM arrived
    INNER JOIN staged
        ON
            arrived.ts = staged.ts
            AND arrived.user_id = staged.user_id
            AND arrived.session_id = staged.session_id
),

events AS (
    SELECT
        COUNT(*) AS events,
        COUNT(CASE WHEN page LIKE 'NextSong' AND user_id IS NOT NULL THEN 1 END) AS deliveries,
        COUNT(CASE WHEN page NOT LIKE 'NextSong' THEN 1 END) AS other_pages,
        COUNT(
            CASE WHEN page LIKE 'NextSong' AND user_id IS NULL AND LOWER(auth) = 'logged out' THEN 1 END
        ) AS logged_out,
        COUNT(
            CASE
                WHEN page LIKE 'NextSong' AND user_id IS NULL AND COALESCE(LOWER(auth), '') <> 'logged out' THEN 1
            END
        ) AS no_user_id
    FROM batch_events
)

SELECT
    events.events,
    CAST(events.deliveries - repeated.further_deliveries AS BIGINT) AS plays,
    CAST(repeated.further_deliveries AS BIGINT) AS further_deliveries,
    events.other_pages,
    events.logged_out,
    events.no_user_id
FROM events
CROSS JOIN repeated;
