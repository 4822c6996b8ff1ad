MODEL (
    name star.staging_events,
    dialect 'duckdb, normalization_strategy = case_sensitive',
    kind FULL
);

SELECT
    artist,
    auth,
    firstName AS first_name,
    gender,
    itemInSession AS item_in_session,
    lastName AS last_name,
    length,
    level,
    location,
    method,
    page,
    registration,
    sessionId AS session_id,
    song,
    status,
    make_timestamp_ms(ts) AS ts,
    userAgent AS user_agent,
    nullif(userId, '')::BIGINT AS user_id
FROM read_json(
    @data || '/log_data/**/*.json',
    format = 'newline_delimited',
    columns = {
        artist: 'VARCHAR',
        auth: 'VARCHAR',
        firstName: 'VARCHAR',
        gender: 'VARCHAR',
        itemInSession: 'INTEGER',
        lastName: 'VARCHAR',
        length: 'DOUBLE',
        level: 'VARCHAR',
        location: 'VARCHAR',
        method: 'VARCHAR',
        page: 'VARCHAR',
        registration: 'DOUBLE',
        sessionId: 'BIGINT',
        song: 'VARCHAR',
        status: 'INTEGER',
        ts: 'BIGINT',
        userAgent: 'VARCHAR',
        userId: 'VARCHAR'
    }
)
