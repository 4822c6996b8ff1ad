SELECT
    start_time,
    hour(start_time) AS hour,
    day(start_time) AS day,
    weekofyear(start_time) AS week,
    month(start_time) AS month,
    year(start_time) AS year,
    dayofweek(start_time) - 1 AS weekday
FROM (SELECT DISTINCT start_time FROM songplays)
