-- staging_events: one row per event since the day of `pruning`, and of those before it the `kept_events`.
-- These are written anew, so that no block of the table stays for the few of them that it holds.
DELETE FROM staging_events
WHERE ts < (SELECT pruning.before_moment FROM pruning);

INSERT INTO staging_events
SELECT * FROM kept_events;
