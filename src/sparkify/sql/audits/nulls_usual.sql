-- warn: no column has far more or fewer values missing than in the ten runs before, nor plays their song
-- Judges the last run. Runs with fewer than 100 new rows say little, and 1,000 rows before are needed. How far is far
-- depends on how much the runs before differ, and on chance. More plays with a song are good news.
WITH last_run AS (SELECT MAX(run_id) AS run_id FROM column_nulls),

shares AS (
    SELECT
        column_nulls.run_id,
        column_nulls.table_name,
        column_nulls.column_name,
        column_nulls.records,
        CAST(column_nulls.null_values AS DOUBLE PRECISION) / column_nulls.records AS share,
        ROW_NUMBER() OVER (
            PARTITION BY column_nulls.table_name, column_nulls.column_name
            ORDER BY column_nulls.run_id DESC
        ) AS age
    FROM column_nulls
    CROSS JOIN last_run
    WHERE column_nulls.run_id < last_run.run_id AND column_nulls.records >= 100
),

usual AS (
    SELECT
        table_name,
        column_name,
        MEDIAN(share) AS share,
        SUM(records) AS records
    FROM shares
    WHERE age <= 10
    GROUP BY table_name, column_name
),

spreads AS (
    SELECT
        shares.table_name,
        shares.column_name,
        MEDIAN(ABS(shares.share - usual.share)) AS spread
    FROM shares
    INNER JOIN usual ON shares.table_name = usual.table_name AND shares.column_name = usual.column_name
    WHERE shares.age <= 10
    GROUP BY shares.table_name, shares.column_name
)

SELECT
    judged.table_name,
    judged.column_name,
    judged.records,
    judged.null_values,
    ROUND(CAST(usual.share AS DECIMAL(18, 6)), 3) AS usual_share
FROM column_nulls AS judged
INNER JOIN last_run ON judged.run_id = last_run.run_id
INNER JOIN usual ON judged.table_name = usual.table_name AND judged.column_name = usual.column_name
INNER JOIN spreads ON judged.table_name = spreads.table_name AND judged.column_name = spreads.column_name
WHERE
    judged.records >= 100
    AND usual.records >= 1000
    AND ABS(CAST(judged.null_values AS DOUBLE PRECISION) / judged.records - usual.share)
    > 0.1 + 5 * spreads.spread + 4 * SQRT(usual.share * (1 - usual.share) / judged.records)
    AND (judged.table_name <> 'songplays' OR judged.null_values > usual.share * judged.records)
ORDER BY judged.table_name, judged.column_name;
