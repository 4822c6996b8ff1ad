-- One row: where the events went that have been pruned since, and the day since which all are kept.
WITH pruned AS (
    SELECT
        CAST(COALESCE(SUM(events), 0) AS BIGINT) AS events,
        CAST(COALESCE(SUM(deliveries), 0) AS BIGINT) AS deliveries,
        CAST(COALESCE(SUM(other_pages), 0) AS BIGINT) AS other_pages,
        CAST(COALESCE(SUM(logged_out), 0) AS BIGINT) AS logged_out,
        CAST(COALESCE(SUM(no_user_id), 0) AS BIGINT) AS no_user_id
    FROM pruned_events
)

SELECT
    events_kept_since.day AS before_day,
    pruned.events,
    pruned.deliveries,
    pruned.other_pages,
    pruned.logged_out,
    pruned.no_user_id
FROM events_kept_since
CROSS JOIN pruned;
