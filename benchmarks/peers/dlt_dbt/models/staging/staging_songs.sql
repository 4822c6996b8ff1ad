SELECT * FROM {{ source("raw", "staging_songs") }}
