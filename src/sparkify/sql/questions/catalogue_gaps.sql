-- Which artists are played that the catalogue lacks songs of?
-- One row per artist with plays that match no song, the first 100.
SELECT
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT title) AS songs,
    COUNT(DISTINCT user_id) AS listeners
FROM heard_plays
WHERE song_id IS NULL AND artist IS NOT NULL
GROUP BY artist
ORDER BY plays DESC, songs DESC, artist
LIMIT 100;
