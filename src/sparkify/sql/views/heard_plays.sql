-- heard_plays: one row per song played: songplays, with the artist, the title and the length that were heard,
-- also where the catalogue has no such song. Garbled text is repaired.
CREATE VIEW heard_plays AS
WITH repeated AS (
    -- Few plays are delivered several times, and only these are worth ranking.
    SELECT
        ts,
        user_id,
        session_id
    FROM staging_events
    WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
    GROUP BY ts, user_id, session_id
    HAVING COUNT(*) > 1
),

-- The same delivery counts as in songplays.
ranked AS (
    SELECT
        events.ts,
        events.user_id,
        events.level,
        events.artist,
        events.song,
        events.length,
        events.session_id,
        events.location,
        events.user_agent,
        ROW_NUMBER() OVER (
            PARTITION BY events.ts, events.user_id, events.session_id
            ORDER BY
                events.item_in_session,
                events.level,
                events.artist,
                events.song,
                events.length,
                events.location,
                events.user_agent
        ) AS delivery
    FROM staging_events AS events
    INNER JOIN repeated
        ON
            events.ts = repeated.ts
            AND events.user_id = repeated.user_id
            AND events.session_id = repeated.session_id
    WHERE events.page LIKE 'NextSong'
),

deliveries AS (
    SELECT
        events.ts,
        events.user_id,
        events.level,
        events.artist,
        events.song,
        events.length,
        events.session_id,
        events.location,
        events.user_agent
    FROM staging_events AS events
    LEFT JOIN repeated
        ON
            events.ts = repeated.ts
            AND events.user_id = repeated.user_id
            AND events.session_id = repeated.session_id
    WHERE events.page LIKE 'NextSong' AND events.user_id IS NOT NULL AND repeated.ts IS NULL
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
