-- fail: songs has one row per song_id
-- Redshift's planner trusts primary keys, so it might find nothing here by mistake; songs_reconcile counts.
SELECT
    song_id,
    COUNT(*) AS rows_found
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1;
