-- batch_songs: one row per record of the song files that this run loads.
-- In the query editor, replace the words that begin with a dollar sign: the columns with those of staging_songs but
-- file_id, the others for example with 's3://bucket/song_data/', DEFAULT, 100 and REGION 'us-west-2'. A prefix ends in
-- a slash, for without it s3://bucket/song_data would also load s3://bucket/song_data_old/. A manifest in its place
-- loads just what it names.
-- The keys of the song files are the columns' names.
COPY batch_songs ($columns)
FROM $uri
IAM_ROLE $role
FORMAT AS JSON 'auto'
MAXERROR $max_errors
$options;
