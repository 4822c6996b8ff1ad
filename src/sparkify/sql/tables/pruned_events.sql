-- pruned_events: one row per run, file and day whose events that run has pruned from staging_events, with how many.
CREATE TABLE pruned_events (
    run_id INTEGER, -- runs.run_id
    before_day DATE, -- in UTC: the run has left all events since then
    file_id INTEGER, -- ledger.file_id
    day DATE, -- UTC, of the events
    events BIGINT, -- that are no longer staged
    plays BIGINT, -- of which no event is staged any more; a play counts for one file
    deliveries BIGINT, -- of the events, those of plays
    other_pages BIGINT, -- of the events, those that are not NextSong
    logged_out BIGINT, -- of the events, NextSong without a user, who was logged out
    no_user_id BIGINT -- of the events, NextSong without a user, for whatever other reason
)
-- ALL: small.
DISTSTYLE ALL
SORTKEY (run_id);
