-- artists: one row per artist.
-- Name: the most frequent, then the shortest, then the smallest. Place (location, latitude and longitude stay
-- together): one with coordinates first, then one with a location, then the most frequent, then the smallest.
-- Only artists that this run touched are written; in a full run that is all of them.
DELETE FROM artists
WHERE artist_id IN (
    SELECT artist_id FROM batch_songs
    UNION
    SELECT artist_id FROM removed_songs
);

INSERT INTO artists (artist_id, name, location, latitude, longitude)
WITH touched AS (
    SELECT artist_id FROM batch_songs
    UNION
    SELECT artist_id FROM removed_songs
),

tracks AS (
    SELECT
        staging_songs.artist_id,
        NULLIF(staging_songs.artist_name, '') AS name,
        NULLIF(staging_songs.artist_location, '') AS location,
        staging_songs.artist_latitude AS latitude,
        staging_songs.artist_longitude AS longitude
    FROM staging_songs
    INNER JOIN touched ON staging_songs.artist_id = touched.artist_id
),

names AS (
    SELECT
        artist_id,
        name,
        ROW_NUMBER() OVER (
            PARTITION BY artist_id
            ORDER BY
                CASE WHEN name IS NULL THEN 1 ELSE 0 END,
                COUNT(*) DESC,
                LENGTH(name),
                name
        ) AS choice
    FROM tracks
    GROUP BY artist_id, name
),

places AS (
    SELECT
        artist_id,
        location,
        latitude,
        longitude,
        ROW_NUMBER() OVER (
            PARTITION BY artist_id
            ORDER BY
                CASE WHEN latitude IS NULL OR longitude IS NULL THEN 1 ELSE 0 END,
                CASE WHEN location IS NULL THEN 1 ELSE 0 END,
                COUNT(*) DESC,
                location,
                latitude,
                longitude
        ) AS choice
    FROM tracks
    GROUP BY artist_id, location, latitude, longitude
)

SELECT
    names.artist_id,
    names.name,
    places.location,
    places.latitude,
    places.longitude
FROM names
INNER JOIN places ON names.artist_id = places.artist_id
WHERE names.choice = 1 AND places.choice = 1;
