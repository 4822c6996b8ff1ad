-- encoding_repairs: one row per distinct text that was decoded wrongly, with what it was before.
CREATE TABLE encoding_repairs (
    garbled VARCHAR(65535), -- as it arrived
    repaired VARCHAR(65535) -- as it was before it was decoded wrongly, trimmed
)
-- ALL: small, and joined with the catalogue and with what was heard.
DISTSTYLE ALL
SORTKEY (garbled);
