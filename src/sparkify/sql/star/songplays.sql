-- songplays: one row per song played.
-- Every event with page LIKE 'NextSong' and a user, once: events with the same ts, user and session are one play.
-- A play is kept whether or not the catalogue knows its song.
-- These are the new ones; each engine numbers them in its own way as it inserts them.
WITH settled AS (
    SELECT
        batch_events.ts,
        batch_events.user_id,
        batch_events.level,
        batch_events.artist,
        batch_events.song,
        batch_events.length,
        batch_events.session_id,
        batch_events.location,
        batch_events.user_agent
    FROM batch_events
    LEFT JOIN contested_plays
        ON
            batch_events.ts = contested_plays.start_time
            AND batch_events.user_id = contested_plays.user_id
            AND batch_events.session_id = contested_plays.session_id
    WHERE
        batch_events.page LIKE 'NextSong'
        AND batch_events.user_id IS NOT NULL
        AND contested_plays.start_time IS NULL
),

-- Several deliveries of one play may differ. Which one counts must not depend on their order.
ranked AS (
    SELECT
        staging_events.ts,
        staging_events.user_id,
        staging_events.level,
        staging_events.artist,
        staging_events.song,
        staging_events.length,
        staging_events.session_id,
        staging_events.location,
        staging_events.user_agent,
        ROW_NUMBER() OVER (
            PARTITION BY staging_events.ts, staging_events.user_id, staging_events.session_id
            ORDER BY
                staging_events.item_in_session,
                staging_events.level,
                staging_events.artist,
                staging_events.song,
                staging_events.length,
                staging_events.location,
                staging_events.user_agent
        ) AS choice
    FROM staging_events
    INNER JOIN contested_plays
        ON
            staging_events.ts = contested_plays.start_time
            AND staging_events.user_id = contested_plays.user_id
            AND staging_events.session_id = contested_plays.session_id
    WHERE staging_events.page LIKE 'NextSong'
),

plays AS (
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
    FROM settled
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
    WHERE choice = 1
)

SELECT
    plays.ts AS start_time,
    plays.user_id,
    plays.level,
    heard_songs.song_id,
    heard_songs.artist_id,
    plays.session_id,
    plays.location,
    plays.user_agent
FROM plays
LEFT JOIN heard_songs
    ON
        plays.artist = heard_songs.artist
        AND plays.song = heard_songs.song
        AND CASE WHEN plays.length >= 0 THEN plays.length ELSE -1 END = heard_songs.length;
