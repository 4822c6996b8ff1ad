-- pruned_events: one row per run, file and day whose events that run has pruned from staging_events, with how many.
-- ALL: small.
CREATE TABLE pruned_events (
    run_id INTEGER, -- runs.run_id
    before_day DATE, -- in UTC: the run has left all events since then
    file_id INTEGER, -- ledger.file_id
    day DATE, -- UTC, of the events
    events BIGINT,
    plays BIGINT, -- of which no event is staged any more; a play counts for one file
    deliveries BIGINT, -- of the events, those of plays
    other_pages BIGINT,
    logged_out BIGINT,
    no_user_id BIGINT
)
DISTSTYLE ALL
SORTKEY (run_id);
