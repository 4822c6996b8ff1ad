-- staging_songs: one row per record of song_data. A record that can't be loaded comes without a file_id; the
-- files it stands in are restaged, so that the rejects can be told by line without keeping all raw text.
INSERT INTO staging_songs
SELECT
    * EXCLUDE (file_id, line, raw, reason),
    CASE WHEN reason IS NULL THEN file_id END AS file_id
FROM parsed_songs;
