SELECT CAST(userId AS BIGINT) AS user_id, latest.*
FROM (
    SELECT
        userId,
        max_by(
            struct(firstName AS first_name, lastName AS last_name, gender, level),
            struct(ts, itemInSession, sessionId)
        ) AS latest
    FROM staging_events
    WHERE userId <> ''
    GROUP BY userId
)
