-- songplays: one row per song played.
CREATE TABLE songplays (
    songplay_id BIGINT, -- unique; has no meaning
    start_time TIMESTAMP, -- UTC, ms; time.start_time
    user_id BIGINT, -- users.user_id
    level VARCHAR, -- at the time of the play
    song_id VARCHAR, -- songs.song_id, NULL where the catalogue has none
    artist_id VARCHAR, -- artists.artist_id, likewise
    session_id BIGINT, -- the user's visit, as the log numbers it
    location VARCHAR, -- of the listener: metropolitan area, state
    user_agent VARCHAR -- the listener's browser, as it names itself
);
