-- staging_songs: one row per record of song_data that could be loaded, so one per track.
CREATE TABLE staging_songs (
    num_songs INTEGER, -- in the file
    artist_id VARCHAR, -- of the artist
    artist_latitude DOUBLE, -- degrees north
    artist_longitude DOUBLE, -- degrees east
    artist_location VARCHAR, -- a place as people write it
    artist_name VARCHAR, -- as this track credits it
    song_id VARCHAR, -- of the song; several tracks may share it
    title VARCHAR, -- as this track has it
    duration DOUBLE, -- seconds
    year INTEGER, -- 0 = unknown
    file_id INTEGER -- ledger.file_id
);
