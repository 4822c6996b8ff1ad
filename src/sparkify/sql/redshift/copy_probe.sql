-- doctor_probe: whether the role may read an object; what it holds does not matter.
COPY doctor_probe
FROM $uri
IAM_ROLE $role
FORMAT AS JSON 'auto'
MAXERROR $max_errors
$options;
