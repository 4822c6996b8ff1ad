CREATE TABLE tracks (song_id TEXT, artist_id TEXT, artist_name TEXT, title TEXT, duration FLOAT8);
CREATE INDEX ON tracks (title, artist_name);
CREATE TABLE songs (song_id TEXT PRIMARY KEY, title TEXT, artist_id TEXT, year INT, duration FLOAT8);
CREATE TABLE artists (artist_id TEXT PRIMARY KEY, name TEXT, location TEXT, latitude FLOAT8, longitude FLOAT8);
CREATE TABLE users (user_id BIGINT PRIMARY KEY, first_name TEXT, last_name TEXT, gender TEXT, level TEXT);
CREATE TABLE time (
    start_time TIMESTAMP PRIMARY KEY, hour INT, day INT, week INT, month INT, year INT, weekday INT
);
CREATE TABLE songplays (
    songplay_id SERIAL PRIMARY KEY, start_time TIMESTAMP, user_id BIGINT, level TEXT, song_id TEXT, artist_id TEXT,
    session_id BIGINT, location TEXT, user_agent TEXT, UNIQUE (start_time, user_id, session_id)
);
