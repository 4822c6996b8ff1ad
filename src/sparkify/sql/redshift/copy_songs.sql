-- batch_songs: one row per record of the song files that this run loads.
-- As it stands, for the query editor: put in your bucket and region. The prefix ends in a slash, for without it
-- s3://bucket/song_data would also load s3://bucket/song_data_old/. A manifest in its place loads just what it names.
-- The keys of the song files are the columns' names.
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
    year
)
FROM 's3://bucket/song_data/'
IAM_ROLE DEFAULT
REGION 'us-west-2'
FORMAT AS JSON 'auto'
MAXERROR 100;
