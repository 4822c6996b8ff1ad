-- contested_plays: one row per play that one look at this run's events can't settle: delivered several times, in the
-- warehouse already, delivered by a file that has changed, or matched to another song since the catalogue has changed.
-- They leave songplays, to be derived anew.
CREATE TEMP TABLE contested_plays AS
SELECT
    ts AS start_time,
    user_id,
    session_id
FROM batch_events
WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
GROUP BY ts, user_id, session_id
HAVING COUNT(*) > 1
UNION
SELECT
    songplays.start_time,
    songplays.user_id,
    songplays.session_id
FROM songplays
INNER JOIN batch_events
    ON
        songplays.start_time = batch_events.ts
        AND songplays.user_id = batch_events.user_id
        AND songplays.session_id = batch_events.session_id
WHERE batch_events.page LIKE 'NextSong'
UNION
SELECT
    ts AS start_time,
    user_id,
    session_id
FROM removed_events
WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
UNION
SELECT
    staging_events.ts AS start_time,
    staging_events.user_id,
    staging_events.session_id
FROM staging_events
INNER JOIN matched_songs
    ON
        staging_events.artist = matched_songs.artist
        AND staging_events.song = matched_songs.song
        AND CASE WHEN staging_events.length >= 0 THEN staging_events.length ELSE -1 END = matched_songs.length
WHERE
    matched_songs.is_rematched = 1
    AND staging_events.page LIKE 'NextSong'
    AND staging_events.user_id IS NOT NULL;

DELETE FROM songplays
USING contested_plays
WHERE
    songplays.start_time = contested_plays.start_time
    AND songplays.user_id = contested_plays.user_id
    AND songplays.session_id = contested_plays.session_id;

DROP TABLE matched_songs;
DROP TABLE new_heard_songs;
