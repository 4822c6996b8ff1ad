-- sources: one row per source: its loaded files, what became of their records, and how many files are left out.
SELECT
    source,
    COUNT(CASE WHEN left_out IS NULL THEN 1 END) AS files,
    CAST(SUM(size) AS BIGINT) AS size,
    CAST(SUM(records) AS BIGINT) AS records,
    CAST(SUM(loaded) AS BIGINT) AS loaded,
    CAST(SUM(rejected) AS BIGINT) AS rejected,
    COUNT(left_out) AS left_out
FROM ledger
GROUP BY source
ORDER BY source;
