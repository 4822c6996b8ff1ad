-- batch_events: one row per record of the log files that this run has bundled.
-- The parts hold judged records, as JSON whose keys are the columns, file_id included; compressed and listed in a
-- manifest.
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
    user_id,
    file_id
)
FROM $uri
IAM_ROLE $role
FORMAT AS JSON 'auto'
TIMEFORMAT 'auto'
MAXERROR $max_errors
$options;
