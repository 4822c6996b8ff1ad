-- song_matches: one row per distinct artist, song and length heard in plays, with the song it is matched to.
CREATE TABLE song_matches (
    match_id INTEGER, -- unique
    artist VARCHAR, -- as it was heard, NULL = unknown
    song VARCHAR, -- likewise
    length DOUBLE, -- seconds, likewise
    match_artist VARCHAR, -- repaired and trimmed
    match_title VARCHAR, -- repaired and trimmed
    song_id VARCHAR, -- NULL where the catalogue has none
    artist_id VARCHAR -- of that song
);
