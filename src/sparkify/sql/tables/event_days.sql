-- event_days: one row per day, in UTC, with how many of its events are loaded.
CREATE TABLE event_days (
    day DATE, -- UTC
    events BIGINT -- of every page, plays or not
)
-- ALL: small.
DISTSTYLE ALL
SORTKEY (day);
