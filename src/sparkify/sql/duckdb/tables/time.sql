-- time: one row per distinct songplays.start_time.
CREATE TABLE time (
    start_time TIMESTAMP, -- UTC, ms
    hour SMALLINT, -- 0 to 23
    day SMALLINT, -- of the month, from 1
    week SMALLINT, -- ISO
    month SMALLINT, -- 1 to 12
    year SMALLINT, -- e.g. 2018
    weekday SMALLINT -- 0 = Sunday … 6 = Saturday
);
