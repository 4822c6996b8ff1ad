-- artists: one row per artist.
CREATE TABLE artists (
    artist_id VARCHAR, -- unique
    name VARCHAR, -- the one most often used
    location VARCHAR, -- a place as people write it, NULL = unknown
    latitude DOUBLE, -- degrees north, NULL = unknown
    longitude DOUBLE -- degrees east, NULL = unknown
);
