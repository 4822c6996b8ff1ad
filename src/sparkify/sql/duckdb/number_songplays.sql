-- songplay_id for the plays that have none yet. A column default from a sequence would do the same, but makes DuckDB
-- insert with one thread. Row ids of plays that are new in this transaction only grow.
UPDATE songplays
SET
    songplay_id = rowid
    - (
        SELECT MIN(unnumbered.rowid) FROM songplays AS unnumbered
        WHERE unnumbered.songplay_id IS NULL
    )
    + (SELECT COALESCE(MAX(numbered.songplay_id), 0) + 1 FROM songplays AS numbered)
WHERE songplay_id IS NULL;
