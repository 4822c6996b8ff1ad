-- fail: artists has one row per artist_id
-- Redshift's planner trusts primary keys, so it might find nothing here by mistake; artists_reconcile counts.
SELECT
    artist_id,
    COUNT(*) AS rows_found
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1;
