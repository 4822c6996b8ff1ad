-- artists: one row per artist.
CREATE TABLE artists (
    artist_id VARCHAR(65535) NOT NULL PRIMARY KEY, -- unique
    name VARCHAR(65535), -- the one most often used
    location VARCHAR(65535), -- a place as people write it, NULL = unknown
    latitude DOUBLE PRECISION, -- degrees north, NULL = unknown
    longitude DOUBLE PRECISION -- degrees east, NULL = unknown
)
-- ALL: as songs.
DISTSTYLE ALL
SORTKEY (artist_id);
