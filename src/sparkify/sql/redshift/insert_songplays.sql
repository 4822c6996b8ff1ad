-- songplays and play_matches: the rows of the table `new_plays`, numbered by IDENTITY.
INSERT INTO songplays (start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
SELECT
    start_time,
    user_id,
    level,
    song_id,
    artist_id,
    session_id,
    location,
    user_agent
FROM new_plays;

INSERT INTO play_matches (songplay_id, match_id)
SELECT
    songplays.songplay_id,
    new_plays.match_id
FROM new_plays
INNER JOIN songplays
    ON
        new_plays.start_time = songplays.start_time
        AND new_plays.user_id = songplays.user_id
        AND new_plays.session_id = songplays.session_id;
