WITH plays AS (
    SELECT *
    FROM staging_events
    WHERE page = 'NextSong' AND userId <> ''
    QUALIFY row_number() OVER (PARTITION BY ts, userId, sessionId ORDER BY itemInSession) = 1
),

matches AS (
    SELECT heard.artist, heard.song, heard.length, song_id, artist_id
    FROM (SELECT DISTINCT artist, song, length FROM staging_events WHERE page = 'NextSong') AS heard
    JOIN staging_songs ON artist_name = heard.artist AND title = heard.song
    QUALIFY row_number() OVER (
        PARTITION BY heard.artist, heard.song, heard.length
        ORDER BY abs(duration - heard.length), song_id, artist_id
    ) = 1
)

SELECT
    monotonically_increasing_id() AS songplay_id,
    CAST(timestamp_millis(ts) AS TIMESTAMP_NTZ) AS start_time,
    CAST(userId AS BIGINT) AS user_id,
    level,
    song_id,
    artist_id,
    sessionId AS session_id,
    location,
    userAgent AS user_agent
FROM plays
LEFT JOIN matches USING (artist, song, length)
