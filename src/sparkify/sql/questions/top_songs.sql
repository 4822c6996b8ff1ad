-- Which songs are played most?
-- One row per song, the first 20, whether or not the catalogue has it.
SELECT
    title,
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM heard_plays
WHERE title IS NOT NULL
GROUP BY title, artist
ORDER BY plays DESC, listeners DESC, title, artist
LIMIT 20;
