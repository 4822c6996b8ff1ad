-- fail: songplay_id is unique, and play_matches has one row per play, and no other, which leads to the play's song
-- If none lacks its counterpart, and there are as many pairs as plays and as matches, each is in one pair.
WITH pairs AS (
    SELECT
        COALESCE(songplays.songplay_id, play_matches.songplay_id) AS songplay_id,
        CASE
            WHEN songplays.songplay_id IS NULL OR song_matches.match_id IS NULL THEN 1
            WHEN COALESCE(songplays.song_id, '') <> COALESCE(song_matches.song_id, '') THEN 1
        END AS is_wrong
    FROM songplays
    FULL OUTER JOIN play_matches ON songplays.songplay_id = play_matches.songplay_id
    LEFT JOIN song_matches ON play_matches.match_id = song_matches.match_id
)

SELECT
    COUNT(*) AS pairs,
    COUNT(is_wrong) AS wrong,
    MIN(CASE WHEN is_wrong = 1 THEN songplay_id END) AS first_wrong
FROM pairs
HAVING
    COUNT(is_wrong) > 0
    OR COUNT(*) <> (SELECT COUNT(*) FROM songplays)
    OR COUNT(*) <> (SELECT COUNT(*) FROM play_matches);
