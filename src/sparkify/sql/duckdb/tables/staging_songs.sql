-- staging_songs: one row per record of song_data that could be loaded, so one per track.
CREATE TABLE staging_songs (
    num_songs INTEGER,
    artist_id VARCHAR,
    artist_latitude DOUBLE,
    artist_longitude DOUBLE,
    artist_location VARCHAR,
    artist_name VARCHAR,
    song_id VARCHAR,
    title VARCHAR,
    duration DOUBLE, -- seconds
    year INTEGER, -- 0 = unknown
    file_id INTEGER -- ledger.file_id
);
