-- batch_events, batch_songs: one row per record of the files that this run has bundled.
-- The parts hold judged records, as JSON whose keys are the columns, file_id included; compressed and listed in a
-- manifest. Also loads doctor_probe, which tells whether the role may read an object.
COPY $table
FROM $uri
IAM_ROLE $role
FORMAT AS JSON 'auto'
TIMEFORMAT 'auto'
MAXERROR $max_errors
$options;
