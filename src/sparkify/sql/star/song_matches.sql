-- song_matches: one row per distinct artist, song and length heard in plays, with the song it is matched to:
-- equal artist name and equal title after repair; among several tracks the closest duration, then the smallest
-- song_id, then the smallest artist_id. A blank artist or title matches nothing.
-- Matched are those heard for the first time and those whose candidates this run has changed. A play that gets another
-- song by that stays as it is otherwise; rematched_plays keeps which ones do, for the audits.
INSERT INTO song_matches (match_id, artist, song, length, match_artist, match_title)
SELECT
    new_song_matches.match_id,
    new_song_matches.artist,
    new_song_matches.song,
    new_song_matches.length,
    COALESCE(artist_repairs.repaired, TRIM(BOTH ' ' FROM new_song_matches.artist)) AS match_artist,
    COALESCE(title_repairs.repaired, TRIM(BOTH ' ' FROM new_song_matches.song)) AS match_title
FROM new_song_matches
LEFT JOIN encoding_repairs AS artist_repairs ON new_song_matches.artist = artist_repairs.garbled
LEFT JOIN encoding_repairs AS title_repairs ON new_song_matches.song = title_repairs.garbled;

CREATE TEMP TABLE changed_matches AS
WITH all_tracks AS (
    SELECT
        song_id,
        artist_id,
        artist_name,
        title,
        duration,
        0 AS is_touched
    FROM staging_songs
    UNION ALL
    SELECT
        song_id,
        artist_id,
        artist_name,
        title,
        duration,
        1 AS is_touched
    FROM batch_songs
    UNION ALL
    SELECT
        song_id,
        artist_id,
        artist_name,
        title,
        duration,
        1 AS is_touched
    FROM removed_songs
),

tracks AS (
    SELECT
        all_tracks.song_id,
        all_tracks.artist_id,
        all_tracks.duration,
        all_tracks.is_touched,
        COALESCE(artist_repairs.repaired, TRIM(BOTH ' ' FROM all_tracks.artist_name)) AS match_artist,
        COALESCE(title_repairs.repaired, TRIM(BOTH ' ' FROM all_tracks.title)) AS match_title
    FROM all_tracks
    LEFT JOIN encoding_repairs AS artist_repairs ON all_tracks.artist_name = artist_repairs.garbled
    LEFT JOIN encoding_repairs AS title_repairs ON all_tracks.title = title_repairs.garbled
),

open_matches AS (
    SELECT match_id FROM new_song_matches
    UNION
    SELECT song_matches.match_id
    FROM song_matches
    INNER JOIN tracks
        ON song_matches.match_artist = tracks.match_artist AND song_matches.match_title = tracks.match_title
    WHERE tracks.is_touched = 1
),

ranked AS (
    SELECT
        song_matches.match_id,
        song_matches.song_id AS old_song_id,
        song_matches.artist_id AS old_artist_id,
        tracks.song_id,
        tracks.artist_id,
        ROW_NUMBER() OVER (
            PARTITION BY song_matches.match_id
            ORDER BY
                CASE WHEN song_matches.length >= 0 THEN ABS(tracks.duration - song_matches.length) END,
                tracks.song_id,
                tracks.artist_id
        ) AS choice
    FROM song_matches
    INNER JOIN open_matches ON song_matches.match_id = open_matches.match_id
    LEFT JOIN tracks
        ON
            song_matches.match_artist = tracks.match_artist
            AND song_matches.match_title = tracks.match_title
            AND tracks.is_touched = 0
            -- blank, on both sides
            AND song_matches.match_artist <> ''
            AND song_matches.match_title <> ''
)

SELECT
    match_id,
    song_id,
    artist_id
FROM ranked
WHERE
    choice = 1
    AND (COALESCE(song_id, '') <> COALESCE(old_song_id, '') OR COALESCE(artist_id, '') <> COALESCE(old_artist_id, ''));

UPDATE song_matches
SET song_id = changed_matches.song_id, artist_id = changed_matches.artist_id
FROM changed_matches
WHERE song_matches.match_id = changed_matches.match_id;

CREATE TEMP TABLE rematched_plays AS
SELECT
    songplays.songplay_id,
    songplays.start_time,
    changed_matches.song_id,
    changed_matches.artist_id
FROM changed_matches
INNER JOIN play_matches ON changed_matches.match_id = play_matches.match_id
INNER JOIN songplays ON play_matches.songplay_id = songplays.songplay_id;

UPDATE songplays
SET song_id = rematched_plays.song_id, artist_id = rematched_plays.artist_id
FROM rematched_plays
WHERE songplays.songplay_id = rematched_plays.songplay_id;

DROP TABLE changed_matches;
