-- pruned_events: one row per run, file and day whose events that run has pruned, with how many. Those before the day of
-- `pruning` are, but for the `kept_events`.
-- All events of a moment of a user stay or go, so a play loses all of its events at once.
INSERT INTO pruned_events
WITH kept_moments AS (
    SELECT DISTINCT
        user_id,
        ts
    FROM kept_events
),

pruned AS (
    SELECT
        staging_events.file_id,
        staging_events.ts,
        staging_events.user_id,
        staging_events.session_id,
        staging_events.page,
        staging_events.auth
    FROM staging_events
    CROSS JOIN pruning
    LEFT JOIN kept_moments
        ON staging_events.user_id = kept_moments.user_id AND staging_events.ts = kept_moments.ts
    WHERE staging_events.ts < pruning.before_moment AND kept_moments.ts IS NULL
),

played AS (
    SELECT
        ts,
        MIN(file_id) AS file_id
    FROM pruned
    WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
    GROUP BY ts, user_id, session_id
),

counts AS (
    SELECT
        file_id,
        CAST(ts AS DATE) AS day,
        COUNT(*) AS events,
        0 AS plays,
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
    FROM pruned
    GROUP BY file_id, CAST(ts AS DATE)
    UNION ALL
    SELECT
        file_id,
        CAST(ts AS DATE) AS day,
        0 AS events,
        COUNT(*) AS plays,
        0 AS deliveries,
        0 AS other_pages,
        0 AS logged_out,
        0 AS no_user_id
    FROM played
    GROUP BY file_id, CAST(ts AS DATE)
)

SELECT
    pruning.run_id,
    CAST(pruning.before_moment AS DATE) AS before_day,
    counts.file_id,
    counts.day,
    CAST(SUM(counts.events) AS BIGINT) AS events,
    CAST(SUM(counts.plays) AS BIGINT) AS plays,
    CAST(SUM(counts.deliveries) AS BIGINT) AS deliveries,
    CAST(SUM(counts.other_pages) AS BIGINT) AS other_pages,
    CAST(SUM(counts.logged_out) AS BIGINT) AS logged_out,
    CAST(SUM(counts.no_user_id) AS BIGINT) AS no_user_id
FROM counts
CROSS JOIN pruning
GROUP BY pruning.run_id, pruning.before_moment, counts.file_id, counts.day;
