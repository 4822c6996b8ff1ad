-- encoding_repairs: one row per distinct text that was decoded wrongly, with what it was before.
CREATE TABLE encoding_repairs (
    garbled VARCHAR, -- as it arrived
    repaired VARCHAR -- as it was before it was decoded wrongly, trimmed
);
