-- songs: one row per song.
-- ALL: hundreds of thousands of rows at most, joined with plays on every slice.
CREATE TABLE songs (
    song_id VARCHAR(65535) NOT NULL,
    title VARCHAR(65535),
    artist_id VARCHAR(65535) NOT NULL, -- artists.artist_id
    year INTEGER, -- NULL = unknown
    duration DOUBLE PRECISION, -- seconds
    -- Not enforced, but the planner trusts it; the audits see to it that it is true.
    PRIMARY KEY (song_id)
)
DISTSTYLE ALL
SORTKEY (song_id);
