-- songplays: one row per song played.
CREATE TABLE songplays (
    songplay_id BIGINT IDENTITY (0, 1) PRIMARY KEY, -- unique; has no meaning
    start_time TIMESTAMP NOT NULL, -- UTC, ms; time.start_time
    user_id BIGINT NOT NULL, -- users.user_id
    level VARCHAR(65535), -- at the time of the play
    song_id VARCHAR(65535), -- songs.song_id, NULL where the catalogue has none
    artist_id VARCHAR(65535), -- artists.artist_id, likewise
    session_id BIGINT NOT NULL, -- the user's visit, as the log numbers it
    location VARCHAR(65535), -- of the listener: metropolitan area, state
    user_agent VARCHAR(65535) -- the listener's browser, as it names itself
)
-- KEY (user_id): plays and their users lie on one slice, and users are many enough to spread evenly. song_id would put
-- all plays without a match on one slice. Sorted by start_time: nearly every question asks about a span of time.
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (start_time);
