-- columns: one row per column of the tables and views in the schema that statements find first.
SELECT
    table_name,
    column_name,
    data_type
FROM information_schema.columns
WHERE
    table_schema = CURRENT_SCHEMA()
    AND table_catalog = CURRENT_DATABASE()
ORDER BY table_name, ordinal_position;
