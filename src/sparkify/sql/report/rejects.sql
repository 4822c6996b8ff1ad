-- rejects: one row per reason for which records could not be loaded, the first 10, with one of the places.
SELECT
    reason,
    COUNT(*) AS records,
    MIN(file) AS first_file
FROM staging_rejects
GROUP BY reason
ORDER BY records DESC, reason
LIMIT 10;
