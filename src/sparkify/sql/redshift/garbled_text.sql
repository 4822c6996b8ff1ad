-- One row per distinct text of this run that may have been decoded wrongly: what was UTF-8 once and has been read as
-- Latin-1 has characters beyond ASCII. Most of these texts are right as they are, and repair leaves them so. And texts
-- that begin with white space other than spaces, which may be all that there is.
SELECT DISTINCT texts.text
FROM (
    SELECT artist AS text FROM new_song_matches
    UNION ALL
    SELECT song AS text FROM new_song_matches
    UNION ALL
    SELECT artist_name AS text FROM batch_songs
    UNION ALL
    SELECT title AS text FROM batch_songs
) AS texts
WHERE
    (
        OCTET_LENGTH(texts.text) <> LEN(texts.text)
        OR (TRIM(BOTH ' ' FROM texts.text) <> '' AND ASCII(TRIM(BOTH ' ' FROM texts.text)) < 32)
    )
    AND texts.text NOT IN (SELECT encoding_repairs.garbled FROM encoding_repairs);
