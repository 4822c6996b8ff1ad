-- One row per distinct text of this run that may have been decoded wrongly: a UTF-8 lead byte read as a Latin-1
-- character, followed by a continuation byte read as one. And those of white space alone, if it is not all spaces.
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
        REGEXP_MATCHES(texts.text, '[\x{C2}-\x{F4}][\x{80}-\x{BF}]')
        OR REGEXP_MATCHES(TRIM(BOTH ' ' FROM texts.text), '^[\s\x{0B}\x{1C}-\x{1F}\x{85}\p{Z}]+$')
    )
    AND texts.text NOT IN (SELECT encoding_repairs.garbled FROM encoding_repairs);
