-- fail: users has a row for every user with an event, and no other
SELECT
    'staged, not loaded' AS fault,
    staging_events.user_id
FROM staging_events
LEFT JOIN users ON staging_events.user_id = users.user_id
WHERE staging_events.user_id IS NOT NULL AND users.user_id IS NULL
UNION ALL
SELECT
    'loaded, not staged' AS fault,
    users.user_id
FROM users
LEFT JOIN user_states ON users.user_id = user_states.user_id
WHERE user_states.user_id IS NULL;
