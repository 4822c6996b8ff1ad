-- songs: one row per song.
CREATE TABLE songs (
    song_id VARCHAR(65535) NOT NULL PRIMARY KEY, -- unique
    title VARCHAR(65535), -- as the catalogue writes it
    artist_id VARCHAR(65535) NOT NULL, -- artists.artist_id
    year INTEGER, -- NULL = unknown
    duration DOUBLE PRECISION -- seconds
)
-- ALL: hundreds of thousands of rows at most, joined with plays on every slice.
DISTSTYLE ALL
SORTKEY (song_id);
