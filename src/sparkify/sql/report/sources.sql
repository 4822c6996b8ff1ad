-- sources: one row per source: its files, and what became of their records.
SELECT
    source,
    COUNT(*) AS files,
    CAST(SUM(size) AS BIGINT) AS size,
    CAST(SUM(records) AS BIGINT) AS records,
    CAST(SUM(loaded) AS BIGINT) AS loaded,
    CAST(SUM(rejected) AS BIGINT) AS rejected
FROM ledger
GROUP BY source
ORDER BY source;
