WITH tracks AS (
    SELECT
        artist_id,
        artist_name AS name,
        nullif(artist_location, '') AS location,
        artist_latitude AS latitude,
        artist_longitude AS longitude
    FROM {{ ref("staging_songs") }}
),

names AS (
    SELECT
        artist_id,
        name
    FROM tracks
    GROUP BY artist_id, name
    QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY count(*) DESC, length(name), name) = 1
),

places AS (
    SELECT
        artist_id,
        location,
        latitude,
        longitude
    FROM tracks
    GROUP BY artist_id, location, latitude, longitude
    QUALIFY row_number() OVER (
        PARTITION BY artist_id
        ORDER BY latitude IS NULL OR longitude IS NULL, location IS NULL, count(*) DESC, location, latitude, longitude
    ) = 1
)

SELECT
    artist_id,
    name,
    location,
    latitude,
    longitude
FROM names
INNER JOIN places USING (artist_id)
