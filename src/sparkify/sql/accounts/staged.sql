-- One row: where all events went that are staged. What is delivered and is no play has been delivered before; that each
-- such event belongs to a play is for the audit events_accounted to prove. Of pruned events the plays are here, and
-- the deliveries are not: these are to be added.
WITH events AS (
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
    FROM staging_events
),

plays AS (SELECT COUNT(*) AS plays FROM songplays)

SELECT
    events.events,
    plays.plays,
    events.deliveries - plays.plays AS further_deliveries,
    events.other_pages,
    events.logged_out,
    events.no_user_id
FROM events
CROSS JOIN plays;
