-- heard_plays: one row per song played: songplays, with the artist, the title and the length that were heard,
-- also where the catalogue has no such song. Garbled text is repaired.
CREATE VIEW heard_plays AS
WITH plays AS (
    SELECT
        ts,
        user_id,
        level,
        artist,
        song,
        length,
        item_in_session,
        session_id,
        location,
        user_agent
    FROM staging_events
    WHERE page = 'NextSong' AND user_id IS NOT NULL
),

-- Few plays are delivered several times, and only these are worth ranking.
repeated AS (
    SELECT
        ts,
        user_id,
        session_id
    FROM plays
    GROUP BY ts, user_id, session_id
    HAVING COUNT(*) > 1
),

-- The same delivery counts as in songplays.
ranked AS (
    SELECT
        plays.ts,
        plays.user_id,
        plays.level,
        plays.artist,
        plays.song,
        plays.length,
        plays.session_id,
        plays.location,
        plays.user_agent,
        ROW_NUMBER() OVER (
            PARTITION BY plays.ts, plays.user_id, plays.session_id
            ORDER BY
                plays.item_in_session,
                plays.level,
                plays.artist,
                plays.song,
                plays.length,
                plays.location,
                plays.user_agent
        ) AS delivery
    FROM plays
    INNER JOIN repeated
        ON
            plays.ts = repeated.ts
            AND plays.user_id = repeated.user_id
            AND plays.session_id = repeated.session_id
),

deliveries AS (
    SELECT
        plays.ts,
        plays.user_id,
        plays.level,
        plays.artist,
        plays.song,
        plays.length,
        plays.session_id,
        plays.location,
        plays.user_agent
    FROM plays
    LEFT JOIN repeated
        ON
            plays.ts = repeated.ts
            AND plays.user_id = repeated.user_id
            AND plays.session_id = repeated.session_id
    WHERE repeated.ts IS NULL
    UNION ALL
    SELECT
        ts,
        user_id,
        level,
        artist,
        song,
        length,
        session_id,
        location,
        user_agent
    FROM ranked
    WHERE delivery = 1
)

SELECT
    deliveries.ts AS start_time,
    deliveries.user_id,
    deliveries.level,
    COALESCE(heard_songs.match_artist, deliveries.artist) AS artist,
    COALESCE(heard_songs.match_title, deliveries.song) AS title,
    deliveries.length,
    heard_songs.song_id,
    heard_songs.artist_id,
    deliveries.session_id,
    deliveries.location,
    deliveries.user_agent
FROM deliveries
LEFT JOIN heard_songs
    ON
        deliveries.artist = heard_songs.artist
        AND deliveries.song = heard_songs.song
        AND CASE WHEN deliveries.length >= 0 THEN deliveries.length ELSE -1 END = heard_songs.length;
