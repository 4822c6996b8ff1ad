-- heard_songs: one row per distinct artist, song and length heard in plays, with the song it is matched to.
CREATE TABLE heard_songs (
    artist VARCHAR,
    song VARCHAR,
    length DOUBLE, -- seconds, -1 = unknown
    match_artist VARCHAR, -- repaired and trimmed
    match_title VARCHAR, -- repaired and trimmed
    song_id VARCHAR, -- NULL where the catalogue has none
    artist_id VARCHAR
);
