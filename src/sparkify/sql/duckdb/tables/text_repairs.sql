-- text_repairs: one row per distinct text that was decoded wrongly, with what it was before.
CREATE TABLE text_repairs (
    garbled VARCHAR,
    repaired VARCHAR
);
