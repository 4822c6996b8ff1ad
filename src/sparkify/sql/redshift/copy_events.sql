-- batch_events: one row per record of the log files that this run loads.
-- In the query editor, replace the words that begin with a dollar sign: the columns with those of staging_events but
-- file_id, the others for example with 's3://bucket/log_data/', DEFAULT, 100 and REGION 'us-west-2'. A prefix ends in
-- a slash, for without it s3://bucket/log_data would also load s3://bucket/log_data_old/. A manifest in its place
-- loads just what it names.
-- ts comes as ms since 1970, and the JSONPaths file fills the columns by position.
COPY batch_events ($columns)
FROM $uri
IAM_ROLE $role
FORMAT AS JSON $jsonpaths
TIMEFORMAT 'epochmillisecs'
MAXERROR $max_errors
$options;
