SELECT
    * REPLACE (
        make_timestamp_ms(ts) AS ts,
        nullif(user_id, '')::BIGINT AS user_id
    )
FROM {{ source("raw", "staging_events") }}
