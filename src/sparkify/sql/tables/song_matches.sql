-- song_matches: one row per distinct artist, song and length heard in plays, with the song it is matched to.
CREATE TABLE song_matches (
    match_id INTEGER, -- unique
    artist VARCHAR(65535), -- as it was heard, NULL = unknown
    song VARCHAR(65535), -- likewise
    length DOUBLE PRECISION, -- seconds, likewise
    match_artist VARCHAR(65535), -- repaired and trimmed
    match_title VARCHAR(65535), -- repaired and trimmed
    song_id VARCHAR(65535), -- NULL where the catalogue has none
    artist_id VARCHAR(65535) -- of that song
)
-- ALL: grows with what is heard, not with plays, and is joined with plays on every slice.
DISTSTYLE ALL
SORTKEY (match_id);
