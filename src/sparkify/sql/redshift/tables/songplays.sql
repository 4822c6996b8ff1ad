-- songplays: one row per song played.
-- KEY (user_id): plays and their users lie on one slice, and users are many enough to spread evenly. song_id would put
-- all plays without a match on one slice. Sorted by start_time: nearly every question asks about a span of time.
CREATE TABLE songplays (
    songplay_id BIGINT IDENTITY (0, 1), -- unique; the values have gaps and no order
    start_time TIMESTAMP NOT NULL, -- UTC, ms; time.start_time
    user_id BIGINT NOT NULL, -- users.user_id
    level VARCHAR(65535), -- at the time of the play
    song_id VARCHAR(65535), -- songs.song_id, NULL where the catalogue has none
    artist_id VARCHAR(65535), -- artists.artist_id, likewise
    session_id BIGINT NOT NULL,
    location VARCHAR(65535),
    user_agent VARCHAR(65535),
    -- Not enforced, but the planner trusts it; the audits see to it that it is true.
    PRIMARY KEY (songplay_id)
)
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (start_time);
