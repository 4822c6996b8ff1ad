-- Without columns: DuckDB reads thousands of small files faster when it may guess.
SELECT
    num_songs,
    artist_id,
    artist_latitude,
    artist_longitude,
    artist_location,
    artist_name,
    song_id,
    title,
    duration,
    year
FROM read_json('{{ var("data") }}/song_data/**/*.json', format = 'newline_delimited')
