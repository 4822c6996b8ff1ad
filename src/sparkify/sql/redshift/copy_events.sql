-- batch_events: one row per record of the log files that this run loads.
-- As it stands, for the query editor: put in your bucket and region. The prefix ends in a slash, for without it
-- s3://bucket/log_data would also load s3://bucket/log_data_old/. A manifest in its place loads just what it names.
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
FROM 's3://bucket/log_data/'
IAM_ROLE DEFAULT
REGION 'us-west-2'
FORMAT AS JSON 's3://bucket/log_json_path.json'
TIMEFORMAT 'epochmillisecs'
MAXERROR 100;
