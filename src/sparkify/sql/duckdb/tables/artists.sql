-- artists: one row per artist.
CREATE TABLE artists (
    artist_id VARCHAR,
    name VARCHAR,
    location VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE
);
