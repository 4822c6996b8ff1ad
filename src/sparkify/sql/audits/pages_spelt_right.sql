-- warn of what was loaded: no page is NextSong but for case, blanks or separators (such events are no plays)
-- Among the blanks is one that does not break (U+00A0).
WITH pages AS (
    SELECT
        page,
        COUNT(*) AS events,
        MIN(ts) AS first_moment
    FROM staging_events
    WHERE page NOT LIKE 'NextSong'
    GROUP BY page
)

SELECT
    '''' || page || '''' AS page,
    events,
    first_moment
FROM pages
WHERE LOWER(TRANSLATE(page, '  _-./' || CHR(9) || CHR(10) || CHR(13), '')) = 'nextsong';
