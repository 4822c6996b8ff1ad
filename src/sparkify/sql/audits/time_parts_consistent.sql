-- fail: the parts of time are those of its start_time
SELECT start_time
FROM time
WHERE
    hour <> EXTRACT(HOUR FROM start_time)
    OR day <> EXTRACT(DAY FROM start_time)
    OR week <> EXTRACT(WEEK FROM start_time)
    OR month <> EXTRACT(MONTH FROM start_time)
    OR year <> EXTRACT(YEAR FROM start_time)
    OR weekday <> EXTRACT(DOW FROM start_time);
