-- staging_rejects: one row per record that could not be loaded, with its text: of the first 10,000 of a file.
CREATE TABLE staging_rejects (
    source VARCHAR(65535), -- song_data or log_data
    file VARCHAR(65535), -- ledger.uri
    line BIGINT, -- the record's first line, from 1
    reason VARCHAR(65535), -- what is wrong with it
    raw_line VARCHAR(65535), -- the record as it stands in the file; bytes that are not UTF-8 are written out: \xe9
    file_id INTEGER, -- ledger.file_id
    is_whole BOOLEAN -- whether raw_line is all of the record; NULL where that is not known
)
-- EVEN: few rows, read by people.
DISTSTYLE EVEN
SORTKEY (file_id);
