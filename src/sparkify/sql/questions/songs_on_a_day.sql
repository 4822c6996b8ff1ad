-- Which songs were played on a given day?
-- One row per song played on that day (UTC), by default the last day with a play that is not from the future.
WITH given AS (
    SELECT CAST(NULL AS DATE) AS day -- given
),

asked AS (
    SELECT COALESCE(given.day, play_span.last_day) AS day
    FROM play_span
    CROSS JOIN given
)

SELECT
    asked.day,
    heard_plays.title,
    heard_plays.artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT heard_plays.user_id) AS listeners
FROM heard_plays
INNER JOIN asked ON CAST(heard_plays.start_time AS DATE) = asked.day
WHERE heard_plays.title IS NOT NULL
GROUP BY asked.day, heard_plays.title, heard_plays.artist
ORDER BY plays DESC, listeners DESC, heard_plays.title, heard_plays.artist;
