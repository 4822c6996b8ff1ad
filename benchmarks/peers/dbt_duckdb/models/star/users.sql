SELECT
    user_id,
    latest.first_name,
    latest.last_name,
    latest.gender,
    latest.level
FROM (
    SELECT
        user_id,
        arg_max(
            {first_name: first_name, last_name: last_name, gender: gender, level: level},
            (ts, item_in_session, session_id)
        ) AS latest
    FROM {{ ref("staging_events") }}
    WHERE user_id IS NOT NULL
    GROUP BY user_id
)
