-- fail: artists has one row per artist_id
-- Redshift's planner trusts primary keys, and no page says that it groups by them all the same: artists_reconcile counts.
SELECT
    artist_id,
    COUNT(*) AS rows_found
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1;
