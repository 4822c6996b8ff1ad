-- batch_songs: one row per record of the song files that this run has bundled.
-- The parts hold judged records, as JSON whose keys are the columns, file_id included; compressed and listed in a
-- manifest.
COPY batch_songs (
    num_songs,
    artist_id,
    artist_latitude,
    artist_longitude,
    artist_location,
    artist_name,
    song_id,
    title,
    duration,
    year,
    file_id
)
FROM $uri
IAM_ROLE $role
FORMAT AS JSON 'auto'
MAXERROR $max_errors
$options;
