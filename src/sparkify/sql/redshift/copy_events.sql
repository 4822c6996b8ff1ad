-- batch_events: one row per record of the log files that this run loads.
-- In the query editor, replace the words that begin with a dollar sign, for example with 's3://bucket/log_data/',
-- DEFAULT, 100 and REGION 'us-west-2'. A prefix ends in a slash, for without it s3://bucket/log_data would also load
-- s3://bucket/log_data_old/. A manifest in its place loads just what it names.
-- ts comes as ms since 1970, and the JSONPaths file fills the columns by position.
COPY batch_events (
    artist,
    auth,
    first_name,
    gender,
    item_in_session,
    last_name,
    length,
    level,
    location,
    method,
    page,
    registration,
    session_id,
    song,
    status,
    ts,
    user_agent,
    user_id
)
FROM $uri
IAM_ROLE $role
FORMAT AS JSON $jsonpaths
TIMEFORMAT 'epochmillisecs'
MAXERROR $max_errors
$options;
