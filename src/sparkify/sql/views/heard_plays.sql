-- heard_plays: one row per song played: songplays, with the artist, the title and the length that were heard,
-- also where the catalogue has no such song. Garbled text is repaired.
CREATE VIEW heard_plays AS
SELECT
    songplays.start_time,
    songplays.user_id,
    songplays.level,
    song_matches.match_artist AS artist,
    song_matches.match_title AS title,
    song_matches.length,
    songplays.song_id,
    songplays.artist_id,
    songplays.session_id,
    songplays.location,
    songplays.user_agent
FROM songplays
INNER JOIN play_matches ON songplays.songplay_id = play_matches.songplay_id
INNER JOIN song_matches ON play_matches.match_id = song_matches.match_id;
