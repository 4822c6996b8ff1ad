-- run_notes: one row per thing that a run said: why it failed, its warnings, its notes.
CREATE TABLE run_notes (
    run_id INTEGER, -- runs.run_id
    note_number INTEGER, -- from 1, in the order in which they were said
    severity VARCHAR, -- error, warning or note
    note VARCHAR -- as it was printed
);
