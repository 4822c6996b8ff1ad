-- staging_rejects: one row per record that could not be loaded, with its text: of the first 10,000 of a file.
CREATE TABLE staging_rejects (
    source VARCHAR, -- song_data or log_data
    file VARCHAR, -- ledger.uri
    line BIGINT, -- the record's first line, from 1
    reason VARCHAR, -- what is wrong with it
    raw_line VARCHAR, -- the record as it stands in the file; bytes that are not UTF-8 are written out: \xe9
    file_id INTEGER, -- ledger.file_id
    is_whole BOOLEAN -- whether raw_line is all of the record; NULL where that is not known
);
