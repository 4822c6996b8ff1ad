-- artists: one row per artist.
-- ALL: as songs.
CREATE TABLE artists (
    artist_id VARCHAR(65535) NOT NULL,
    name VARCHAR(65535),
    location VARCHAR(65535),
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    -- Not enforced, but the planner trusts it; the audits see to it that it is true.
    PRIMARY KEY (artist_id)
)
DISTSTYLE ALL
SORTKEY (artist_id);
