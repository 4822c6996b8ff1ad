-- rejects: one row per reason for which records of a source could not be loaded, the first 10, with one of the
-- places, and the first and the last of all files of that source.
WITH files AS (
    SELECT
        source,
        MIN(uri) AS first_of_all,
        MAX(uri) AS last_of_all
    FROM ledger
    GROUP BY source
)

SELECT
    rejects.source,
    rejects.reason,
    COUNT(*) AS records,
    MIN(rejects.file) AS first_file,
    MIN(files.first_of_all) AS first_of_all,
    MIN(files.last_of_all) AS last_of_all
FROM staging_rejects AS rejects
LEFT JOIN files ON files.source = rejects.source
GROUP BY rejects.source, rejects.reason
ORDER BY records DESC, rejects.source, rejects.reason
LIMIT 10;
