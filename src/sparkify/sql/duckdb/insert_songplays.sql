-- songplays and play_matches: the rows of the view `new_plays`, numbered by their events. Counting them would do the
-- same, but only once: asked again, DuckDB may have them in another order.
CREATE TEMP TABLE numbering AS
SELECT
    (SELECT COALESCE(MAX(songplays.songplay_id), 0) FROM songplays) AS last_id,
    (SELECT COUNT(*) FROM touched_plays) AS touched,
    (SELECT COALESCE(MIN(batch_events.event_id), 0) FROM batch_events) AS first_event;

INSERT INTO songplays BY NAME
SELECT
    numbering.last_id + CASE
        WHEN new_plays.event_id < 0 THEN -new_plays.event_id
        ELSE numbering.touched + 1 + new_plays.event_id - numbering.first_event
    END AS songplay_id,
    new_plays.* EXCLUDE (event_id, match_id) -- noqa: RF02
FROM new_plays
CROSS JOIN numbering;

INSERT INTO play_matches
SELECT
    numbering.last_id + CASE
        WHEN new_plays.event_id < 0 THEN -new_plays.event_id
        ELSE numbering.touched + 1 + new_plays.event_id - numbering.first_event
    END AS songplay_id,
    new_plays.match_id
FROM new_plays
CROSS JOIN numbering;

DROP TABLE numbering;
