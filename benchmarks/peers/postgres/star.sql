CREATE UNLOGGED TABLE staging_events AS
SELECT
    artist,
    "firstName" AS first_name,
    gender,
    "itemInSession" AS item_in_session,
    "lastName" AS last_name,
    length,
    level,
    location,
    page,
    "sessionId" AS session_id,
    song,
    to_timestamp(ts / 1000) AT TIME ZONE 'UTC' + ts % 1000 * INTERVAL '1 millisecond' AS ts,
    "userAgent" AS user_agent,
    nullif("userId", '')::BIGINT AS user_id
FROM
    event_lines,
    json_to_record(line) AS event (
        artist TEXT, "firstName" TEXT, gender TEXT, "itemInSession" INT, "lastName" TEXT, length FLOAT8,
        level TEXT, location TEXT, page TEXT, "sessionId" BIGINT, song TEXT, ts BIGINT, "userAgent" TEXT, "userId" TEXT
    );

CREATE UNLOGGED TABLE staging_songs AS
SELECT song.*
FROM
    song_lines,
    json_to_record(line) AS song (
        artist_id TEXT, artist_latitude FLOAT8, artist_longitude FLOAT8, artist_location TEXT, artist_name TEXT,
        song_id TEXT, title TEXT, duration FLOAT8, year INT
    );

DROP TABLE event_lines, song_lines;
ANALYZE staging_events, staging_songs;

CREATE TABLE songs AS
SELECT DISTINCT ON (song_id) song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM staging_songs
ORDER BY song_id, staging_songs.year = 0, title, duration, artist_id, staging_songs.year;

CREATE TABLE artists AS
WITH names AS (
    SELECT DISTINCT ON (artist_id) artist_id, artist_name AS name
    FROM staging_songs
    GROUP BY artist_id, artist_name
    ORDER BY artist_id, count(*) DESC, length(artist_name), artist_name
),

places AS (
    SELECT DISTINCT ON (artist_id)
        artist_id,
        nullif(artist_location, '') AS location,
        artist_latitude AS latitude,
        artist_longitude AS longitude
    FROM staging_songs
    GROUP BY artist_id, nullif(artist_location, ''), artist_latitude, artist_longitude
    ORDER BY
        artist_id, artist_latitude IS NULL OR artist_longitude IS NULL, nullif(artist_location, '') IS NULL,
        count(*) DESC, location, latitude, longitude
)

SELECT artist_id, name, location, latitude, longitude
FROM names
JOIN places USING (artist_id);

CREATE TABLE users AS
SELECT DISTINCT ON (user_id) user_id, first_name, last_name, gender, level
FROM staging_events
WHERE user_id IS NOT NULL
ORDER BY user_id, ts DESC, item_in_session DESC, session_id DESC;

CREATE TABLE songplays AS
WITH plays AS (
    SELECT DISTINCT ON (ts, user_id, session_id) *
    FROM staging_events
    WHERE page = 'NextSong' AND user_id IS NOT NULL
    ORDER BY ts, user_id, session_id, item_in_session
),

heard AS (
    SELECT DISTINCT artist, song, length
    FROM staging_events
    WHERE page = 'NextSong'
),

matches AS (
    SELECT DISTINCT ON (heard.artist, heard.song, heard.length)
        heard.artist, heard.song, heard.length, song_id, artist_id
    FROM heard
    JOIN staging_songs ON artist_name = heard.artist AND title = heard.song
    ORDER BY heard.artist, heard.song, heard.length, abs(duration - heard.length), song_id, artist_id
)

SELECT
    row_number() OVER () AS songplay_id,
    ts AS start_time,
    user_id,
    level,
    song_id,
    artist_id,
    session_id,
    location,
    user_agent
FROM plays
LEFT JOIN matches USING (artist, song, length);

CREATE TABLE time AS
SELECT
    start_time,
    extract(HOUR FROM start_time)::INT AS hour,
    extract(DAY FROM start_time)::INT AS day,
    extract(WEEK FROM start_time)::INT AS week,
    extract(MONTH FROM start_time)::INT AS month,
    extract(YEAR FROM start_time)::INT AS year,
    extract(DOW FROM start_time)::INT AS weekday
FROM (SELECT DISTINCT start_time FROM songplays) AS moments;
