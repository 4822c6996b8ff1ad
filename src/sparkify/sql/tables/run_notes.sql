-- run_notes: one row per thing that a run said: why it failed, its warnings, its notes.
CREATE TABLE run_notes (
    run_id INTEGER, -- runs.run_id
    note_number INTEGER, -- from 1, in the order in which they were said
    severity VARCHAR(65535), -- error, warning or note
    note VARCHAR(65535) -- as it was printed
)
-- EVEN: as audit_results.
DISTSTYLE EVEN
SORTKEY (run_id);
