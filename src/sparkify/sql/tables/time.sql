-- time: one row per distinct songplays.start_time.
CREATE TABLE time (
    start_time TIMESTAMP NOT NULL PRIMARY KEY, -- UTC, ms
    hour SMALLINT NOT NULL, -- 0 to 23
    day SMALLINT NOT NULL, -- of the month, from 1
    week SMALLINT NOT NULL, -- ISO
    month SMALLINT NOT NULL, -- 1 to 12
    year SMALLINT NOT NULL, -- e.g. 2018
    weekday SMALLINT NOT NULL -- 0 = Sunday … 6 = Saturday
)
-- EVEN: nearly as many rows as plays, so too many for ALL, and start_time is no key of songplays' distribution. Sorted
-- alike, both sides of the join are read in order.
DISTSTYLE EVEN
SORTKEY (start_time);
