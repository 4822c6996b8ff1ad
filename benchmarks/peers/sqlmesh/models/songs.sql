MODEL (
    name star.songs,
    kind FULL
);

SELECT
    song_id,
    title,
    artist_id,
    nullif(year, 0) AS year,
    duration
FROM star.staging_songs
QUALIFY row_number() OVER (PARTITION BY song_id ORDER BY year = 0, title, duration, artist_id, year) = 1
