-- one row: of which warehouse this file is a copy, and of when
CREATE OR REPLACE TABLE published_copy AS
SELECT
    $database AS warehouse,
    $path AS copy,
    (SELECT MAX(run_id) FROM runs) AS run_id,
    CAST($published_at AS TIMESTAMP) AS published_at,
    $state AS warehouse_state;
