-- heard_plays: one row per song played: songplays, with the artist, the title and the length that were heard,
-- also where the catalogue has no such song. Garbled text is repaired.
-- Of several deliveries of one play the same one counts as in songplays.
CREATE VIEW heard_plays AS
WITH deliveries AS (
    SELECT
        ts,
        user_id,
        level,
        artist,
        song,
        length,
        session_id,
        location,
        user_agent,
        ROW_NUMBER() OVER (
            PARTITION BY ts, user_id, session_id
            ORDER BY
                item_in_session,
                level,
                artist,
                song,
                length,
                location,
                user_agent
        ) AS delivery
    FROM staging_events
    WHERE page = 'NextSong' AND user_id IS NOT NULL
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
        AND CASE WHEN deliveries.length >= 0 THEN deliveries.length ELSE -1 END = heard_songs.length
WHERE deliveries.delivery = 1;
