-- heard_songs: one row per distinct artist, song and length heard in plays, with the song it is matched to.
-- KEY (artist): both sides of the match by artist and title lie on one slice.
CREATE TABLE heard_songs (
    artist VARCHAR(65535),
    song VARCHAR(65535),
    length DOUBLE PRECISION, -- seconds, -1 = unknown
    match_artist VARCHAR(65535), -- repaired and trimmed
    match_title VARCHAR(65535), -- repaired and trimmed
    song_id VARCHAR(65535), -- NULL where the catalogue has none
    artist_id VARCHAR(65535)
)
DISTSTYLE KEY
DISTKEY (artist)
SORTKEY (artist, song);
