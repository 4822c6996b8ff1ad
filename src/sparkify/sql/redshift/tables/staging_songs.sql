-- staging_songs: one row per record of song_data that could be loaded, so one per track.
-- EVEN: see staging_events. Sorted by song_id, which picks the tracks of one song.
CREATE TABLE staging_songs (
    num_songs INTEGER,
    artist_id VARCHAR(65535) NOT NULL,
    artist_latitude DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location VARCHAR(65535),
    artist_name VARCHAR(65535),
    song_id VARCHAR(65535) NOT NULL,
    title VARCHAR(65535),
    duration DOUBLE PRECISION, -- seconds
    year INTEGER, -- 0 = unknown
    file_id INTEGER -- ledger.file_id
)
DISTSTYLE EVEN
SORTKEY (song_id);
