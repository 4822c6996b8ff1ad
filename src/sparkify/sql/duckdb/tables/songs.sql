-- songs: one row per song.
CREATE TABLE songs (
    song_id VARCHAR, -- unique
    title VARCHAR, -- as the catalogue writes it
    artist_id VARCHAR, -- artists.artist_id
    year INTEGER, -- NULL = unknown
    duration DOUBLE -- seconds
);
