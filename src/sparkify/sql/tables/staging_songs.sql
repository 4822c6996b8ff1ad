-- staging_songs: one row per record of song_data that could be loaded, so one per track.
CREATE TABLE staging_songs (
    num_songs INTEGER, -- in the file
    artist_id VARCHAR(65535) NOT NULL, -- of the artist
    artist_latitude DOUBLE PRECISION, -- degrees north
    artist_longitude DOUBLE PRECISION, -- degrees east
    artist_location VARCHAR(65535), -- a place as people write it
    artist_name VARCHAR(65535), -- as this track credits it
    song_id VARCHAR(65535) NOT NULL, -- of the song; several tracks may share it
    title VARCHAR(65535), -- as this track has it
    duration DOUBLE PRECISION, -- seconds
    year INTEGER, -- 0 = unknown
    file_id INTEGER -- ledger.file_id
)
-- EVEN: see staging_events. Sorted by song_id, which picks the tracks of one song.
DISTSTYLE EVEN
SORTKEY (song_id);
