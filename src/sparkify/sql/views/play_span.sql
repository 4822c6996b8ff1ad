-- play_span: one row: the days of the first play and of the last one that is not from the future. A week or a month
-- that lies in it only partly is incomplete: its sums can't be compared with others.
CREATE VIEW play_span AS
SELECT
    CAST(MIN(songplays.start_time) AS DATE) AS first_day,
    CAST(
        COALESCE(
            MAX(CASE WHEN songplays.start_time <= event_horizon.horizon THEN songplays.start_time END),
            MAX(songplays.start_time)
        ) AS DATE
    ) AS last_day
FROM songplays
CROSS JOIN event_horizon;
