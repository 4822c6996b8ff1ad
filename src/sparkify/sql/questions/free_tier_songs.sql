-- What does the free tier hear most?
-- One row per song, the first 20, of the plays made at level free.
-- compare by: title, artist
SELECT
    title,
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM heard_plays
WHERE level = 'free' AND title IS NOT NULL
GROUP BY title, artist
ORDER BY plays DESC, listeners DESC, title, artist
LIMIT 20;
