-- events_kept_since: one row: the day since which staging_events has all events; before it, sparkify prune has left
-- but a few. NULL = it has all of them.
CREATE VIEW events_kept_since AS
SELECT MAX(before_day) AS day FROM pruned_events;
