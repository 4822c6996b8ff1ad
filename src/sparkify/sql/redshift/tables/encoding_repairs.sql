-- encoding_repairs: one row per distinct text that was decoded wrongly, with what it was before.
-- ALL: small, and joined with the catalogue and with what was heard.
CREATE TABLE encoding_repairs (
    garbled VARCHAR(65535),
    repaired VARCHAR(65535)
)
DISTSTYLE ALL
SORTKEY (garbled);
