-- Which artists are played most?
-- One row per artist, the first 20, whether or not the catalogue has them.
SELECT
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT title) AS songs,
    COUNT(DISTINCT user_id) AS listeners
FROM heard_plays
WHERE artist IS NOT NULL
GROUP BY artist
ORDER BY plays DESC, listeners DESC, artist
LIMIT 20;
