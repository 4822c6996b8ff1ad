-- time: one row per distinct songplays.start_time.
CREATE TABLE time (
    start_time TIMESTAMP, -- UTC, ms
    hour SMALLINT,
    day SMALLINT,
    week SMALLINT, -- ISO
    month SMALLINT,
    year SMALLINT,
    weekday SMALLINT -- 0 = Sunday … 6 = Saturday
);
