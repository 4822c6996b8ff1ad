WITH names AS (
    SELECT artist_id, artist_name AS name, count(*) AS times
    FROM staging_songs
    GROUP BY artist_id, artist_name
),

places AS (
    SELECT
        artist_id,
        nullif(artist_location, '') AS location,
        artist_latitude AS latitude,
        artist_longitude AS longitude,
        count(*) AS times
    FROM staging_songs
    GROUP BY artist_id, nullif(artist_location, ''), artist_latitude, artist_longitude
),

best_names AS (
    SELECT artist_id, name
    FROM names
    QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY times DESC, length(name), name) = 1
),

best_places AS (
    SELECT artist_id, location, latitude, longitude
    FROM places
    QUALIFY row_number() OVER (
        PARTITION BY artist_id
        ORDER BY
            latitude IS NULL OR longitude IS NULL, location IS NULL, times DESC,
            location NULLS LAST, latitude NULLS LAST, longitude NULLS LAST
    ) = 1
)

SELECT artist_id, name, location, latitude, longitude
FROM best_names
JOIN best_places USING (artist_id)
