-- time: one row per distinct songplays.start_time.
-- EVEN: nearly as many rows as plays, so too many for ALL, and start_time is no key of songplays' distribution. Sorted
-- alike, both sides of the join are read in order.
CREATE TABLE time (
    start_time TIMESTAMP NOT NULL, -- UTC, ms
    hour SMALLINT NOT NULL,
    day SMALLINT NOT NULL,
    week SMALLINT NOT NULL, -- ISO
    month SMALLINT NOT NULL,
    year SMALLINT NOT NULL,
    weekday SMALLINT NOT NULL, -- 0 = Sunday … 6 = Saturday
    -- Not enforced, but the planner trusts it; the audits see to it that it is true.
    PRIMARY KEY (start_time)
)
DISTSTYLE EVEN
SORTKEY (start_time);
