-- event_days: one row per day, in UTC, with how many of its events are loaded.
-- ALL: small.
CREATE TABLE event_days (
    day DATE,
    events BIGINT
)
DISTSTYLE ALL
SORTKEY (day);
