-- songs: one row per song.
CREATE TABLE songs (
    song_id VARCHAR,
    title VARCHAR,
    artist_id VARCHAR, -- artists.artist_id
    year INTEGER, -- NULL = unknown
    duration DOUBLE -- seconds
);
