-- warn: genders are F or M
SELECT
    gender,
    COUNT(*) AS rows_found
FROM users
WHERE gender IS NULL OR gender NOT IN ('F', 'M')
GROUP BY gender;
