-- fail: songs has one row per song_id
-- Redshift's planner trusts primary keys, and no page says that it groups by them all the same: songs_reconcile counts.
SELECT
    song_id,
    COUNT(*) AS rows_found
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1;
