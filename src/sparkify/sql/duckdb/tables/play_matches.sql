-- play_matches: one row per song played, with what was heard in it.
CREATE TABLE play_matches (
    songplay_id BIGINT, -- songplays.songplay_id
    match_id INTEGER -- song_matches.match_id
);
