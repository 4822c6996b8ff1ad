-- songplays: one row per song played, and play_matches: one row per song played, with what was heard in it.
-- Every event with page LIKE 'NextSong' and a user, once: events with the same ts, user and session are one play.
-- A play is kept whether or not the catalogue knows its song.
-- These are the new ones; each engine numbers them in its own way as it inserts them. event_id: of this run's events as
-- the engine tells them apart, below 0 for plays that were derived anew.
WITH deliveries AS (
    SELECT
        batch_events.event_id,
        batch_events.ts,
        batch_events.user_id,
        batch_events.level,
        batch_events.artist,
        batch_events.song,
        batch_events.length,
        batch_events.session_id,
        batch_events.location,
        batch_events.user_agent,
        1 AS choice
    FROM batch_events
    LEFT JOIN touched_plays
        ON
            batch_events.ts = touched_plays.start_time
            AND batch_events.user_id = touched_plays.user_id
            AND batch_events.session_id = touched_plays.session_id
    WHERE
        batch_events.page LIKE 'NextSong'
        AND batch_events.user_id IS NOT NULL
        AND touched_plays.start_time IS NULL
    UNION ALL
    SELECT
        -touched_plays.play_number AS event_id,
        events.ts,
        events.user_id,
        events.level,
        events.artist,
        events.song,
        events.length,
        events.session_id,
        events.location,
        events.user_agent,
        -- Several deliveries of one play may differ. Which one counts must not depend on their order.
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
        ) AS choice
    FROM staging_events AS events
    INNER JOIN touched_plays
        ON
            events.ts = touched_plays.start_time
            AND events.user_id = touched_plays.user_id
            AND events.session_id = touched_plays.session_id
    WHERE events.page LIKE 'NextSong'
)

SELECT
    plays.event_id,
    plays.ts AS start_time,
    plays.user_id,
    plays.level,
    song_matches.song_id,
    song_matches.artist_id,
    plays.session_id,
    plays.location,
    plays.user_agent,
    song_matches.match_id
FROM deliveries AS plays
LEFT JOIN song_matches
    ON
        COALESCE(plays.artist, '') = COALESCE(song_matches.artist, '')
        AND COALESCE(plays.song, '') = COALESCE(song_matches.song, '')
        AND COALESCE(plays.length, -1) = COALESCE(song_matches.length, -1)
        AND (plays.artist IS NULL) = (song_matches.artist IS NULL)
        AND (plays.song IS NULL) = (song_matches.song IS NULL)
        AND (plays.length IS NULL) = (song_matches.length IS NULL)
WHERE plays.choice = 1;
