MODEL (
    name star.songplays,
    kind FULL
);

WITH plays AS (
    SELECT *
    FROM star.staging_events
    WHERE page = 'NextSong' AND user_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY ts, user_id, session_id ORDER BY item_in_session) = 1
),

heard AS (
    SELECT DISTINCT
        artist,
        song,
        length
    FROM plays
),

matches AS (
    SELECT
        heard.artist,
        heard.song,
        heard.length,
        tracks.song_id,
        tracks.artist_id
    FROM heard
    INNER JOIN star.staging_songs AS tracks ON tracks.artist_name = heard.artist AND tracks.title = heard.song
    QUALIFY row_number() OVER (
        PARTITION BY heard.artist, heard.song, heard.length
        ORDER BY abs(tracks.duration - heard.length), tracks.song_id, tracks.artist_id
    ) = 1
)

SELECT
    row_number() OVER () AS songplay_id,
    plays.ts AS start_time,
    plays.user_id,
    plays.level,
    matches.song_id,
    matches.artist_id,
    plays.session_id,
    plays.location,
    plays.user_agent
FROM plays
LEFT JOIN matches USING (artist, song, length)
