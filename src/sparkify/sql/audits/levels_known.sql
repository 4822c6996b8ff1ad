-- warn: levels are free or paid
SELECT
    'songplays' AS table_name,
    level,
    COUNT(*) AS rows_found
FROM songplays
WHERE level IS NULL OR level NOT IN ('free', 'paid')
GROUP BY level
UNION ALL
SELECT
    'users' AS table_name,
    level,
    COUNT(*) AS rows_found
FROM users
WHERE level IS NULL OR level NOT IN ('free', 'paid')
GROUP BY level;
