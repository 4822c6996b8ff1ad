-- touched_plays: one row per play that one look at this run's events can't settle: delivered several times, in the
-- warehouse already, or delivered by a file that has changed. They leave songplays, to be derived anew.
CREATE TEMP TABLE touched_plays AS
WITH touched AS (
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
)

SELECT
    ROW_NUMBER() OVER () AS play_number,
    start_time,
    user_id,
    session_id
FROM touched;

CREATE TEMP TABLE old_plays AS
SELECT songplays.songplay_id
FROM songplays
INNER JOIN touched_plays
    ON
        songplays.start_time = touched_plays.start_time
        AND songplays.user_id = touched_plays.user_id
        AND songplays.session_id = touched_plays.session_id;

DELETE FROM songplays
WHERE songplay_id IN (SELECT old_plays.songplay_id FROM old_plays);

DELETE FROM play_matches
WHERE songplay_id IN (SELECT old_plays.songplay_id FROM old_plays);

DROP TABLE old_plays;
