-- One row: where the events went that have been pruned since, and the day since which all are kept.
SELECT
    events_kept_since.day AS before_day,
    CAST(COALESCE(SUM(pruned_events.events), 0) AS BIGINT) AS events,
    CAST(COALESCE(SUM(pruned_events.deliveries), 0) AS BIGINT) AS deliveries,
    CAST(COALESCE(SUM(pruned_events.other_pages), 0) AS BIGINT) AS other_pages,
    CAST(COALESCE(SUM(pruned_events.logged_out), 0) AS BIGINT) AS logged_out,
    CAST(COALESCE(SUM(pruned_events.no_user_id), 0) AS BIGINT) AS no_user_id
FROM events_kept_since
LEFT JOIN pruned_events ON events_kept_since.day IS NOT NULL
GROUP BY events_kept_since.day;
