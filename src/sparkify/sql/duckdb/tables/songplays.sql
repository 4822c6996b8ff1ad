-- songplays: one row per song played.
CREATE TABLE songplays (
    songplay_id BIGINT, -- unique; has no meaning
    start_time TIMESTAMP, -- UTC, ms; time.start_time
    user_id BIGINT, -- users.user_id
    level VARCHAR, -- at the time of the play
    song_id VARCHAR, -- songs.song_id, NULL where the catalogue has none
    artist_id VARCHAR, -- artists.artist_id, likewise
    session_id BIGINT,
    location VARCHAR,
    user_agent VARCHAR
);
