-- songplays: the rows of the view `new_songplays`, numbered. A column default from a sequence would do the same, but
-- makes DuckDB insert with one thread.
INSERT INTO songplays
SELECT
    (SELECT COALESCE(MAX(songplays.songplay_id), 0) FROM songplays) + ROW_NUMBER() OVER () AS songplay_id,
    new_songplays.*
FROM new_songplays;
