TRACK = "INSERT INTO tracks VALUES (%s, %s, %s, %s, %s)"
SONG = "INSERT INTO songs VALUES (%s, %s, %s, %s, %s)"
ARTIST = "INSERT INTO artists VALUES (%s, %s, %s, %s, %s)"
USER = """
    INSERT INTO users VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (user_id) DO UPDATE SET
        first_name = excluded.first_name, last_name = excluded.last_name,
        gender = excluded.gender, level = excluded.level
"""
TIME = "INSERT INTO time VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
FIND = """
    SELECT song_id, artist_id FROM tracks WHERE artist_name = %s AND title = %s
    ORDER BY abs(duration - %s), song_id, artist_id LIMIT 1
"""
PLAY = """
    INSERT INTO songplays (start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
