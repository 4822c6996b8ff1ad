CREATE TABLE songs AS
SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM staging_songs
QUALIFY row_number() OVER (PARTITION BY song_id ORDER BY year = 0, title, duration, artist_id, year) = 1;

CREATE TABLE artists AS
WITH names AS (
    SELECT artist_id, artist_name
    FROM staging_songs
    GROUP BY artist_id, artist_name
    QUALIFY row_number() OVER (
        PARTITION BY artist_id ORDER BY count(*) DESC, length(artist_name), artist_name
    ) = 1
),

places AS (
    SELECT
        artist_id,
        nullif(artist_location, '') AS location,
        artist_latitude AS latitude,
        artist_longitude AS longitude
    FROM staging_songs
    GROUP BY artist_id, nullif(artist_location, ''), artist_latitude, artist_longitude
    QUALIFY row_number() OVER (
        PARTITION BY artist_id
        ORDER BY latitude IS NULL OR longitude IS NULL, location IS NULL, count(*) DESC, location, latitude, longitude
    ) = 1
)

SELECT artist_id, artist_name AS name, location, latitude, longitude
FROM names
JOIN places USING (artist_id);

CREATE TABLE users AS
SELECT userId::BIGINT AS user_id, firstName AS first_name, lastName AS last_name, gender, level
FROM staging_events
WHERE userId <> ''
QUALIFY row_number() OVER (PARTITION BY userId ORDER BY ts DESC, itemInSession DESC, sessionId DESC) = 1;

CREATE TABLE songplays AS
WITH plays AS (
    SELECT *
    FROM staging_events
    WHERE page = 'NextSong' AND userId <> ''
    QUALIFY row_number() OVER (PARTITION BY ts, userId, sessionId ORDER BY itemInSession) = 1
),

matches AS (
    SELECT heard.artist, heard.song, heard.length, song_id, artist_id
    FROM (SELECT DISTINCT artist, song, length FROM plays) AS heard
    JOIN staging_songs ON artist_name = heard.artist AND title = heard.song
    QUALIFY row_number() OVER (
        PARTITION BY heard.artist, heard.song, heard.length
        ORDER BY abs(duration - heard.length), song_id, artist_id
    ) = 1
)

SELECT
    row_number() OVER () AS songplay_id,
    make_timestamp_ms(ts) AS start_time,
    userId::BIGINT AS user_id,
    level,
    song_id,
    artist_id,
    sessionId AS session_id,
    location,
    userAgent AS user_agent
FROM plays
LEFT JOIN matches USING (artist, song, length);

CREATE TABLE time AS
SELECT DISTINCT
    start_time,
    hour(start_time) AS hour,
    day(start_time) AS day,
    week(start_time) AS week,
    month(start_time) AS month,
    year(start_time) AS year,
    dayofweek(start_time) AS weekday
FROM songplays;
