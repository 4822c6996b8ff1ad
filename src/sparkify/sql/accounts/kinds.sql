-- One row: how many events are staged, and of what kind they are. A delivery is a play, or one more event of a play.
SELECT
    COUNT(*) AS events,
    COUNT(CASE WHEN page LIKE 'NextSong' AND user_id IS NOT NULL THEN 1 END) AS deliveries,
    COUNT(CASE WHEN page NOT LIKE 'NextSong' THEN 1 END) AS other_pages,
    COUNT(
        CASE WHEN page LIKE 'NextSong' AND user_id IS NULL AND LOWER(auth) = 'logged out' THEN 1 END
    ) AS logged_out,
    COUNT(
        CASE
            WHEN page LIKE 'NextSong' AND user_id IS NULL AND COALESCE(LOWER(auth), '') <> 'logged out' THEN 1
        END
    ) AS no_user_id
FROM staging_events;
