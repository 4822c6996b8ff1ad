-- The files, of those that DuckDB has read by itself, with a text that is not to be loaded as it was read. Asked of the
-- staged rows, and not of each line that is read, for there a text that occurs often is looked at once.
CREATE OR REPLACE TEMP MACRO IS_ODD(value) AS -- noqa: CP05
CONTAINS(value, CHR(0))
-- what no VARCHAR of Redshift takes
OR STRLEN(value) > 65535
-- a number where text belongs, which READ_JSON writes otherwise than JSON_EXTRACT_STRING: 1e+16, 10000000000000000.0
OR (
    (CONTAINS(value, 'e+') OR CONTAINS(value, 'e-'))
    AND REGEXP_FULL_MATCH(value, '-?[0-9.]+e[+-][0-9]+')
);

SELECT DISTINCT file_id
FROM batch_events
WHERE
    IS_ODD(artist)
    OR IS_ODD(auth)
    OR IS_ODD(first_name)
    OR IS_ODD(gender)
    OR IS_ODD(last_name)
    OR IS_ODD(level)
    OR IS_ODD(location)
    OR IS_ODD(method)
    OR IS_ODD(page)
    OR IS_ODD(song)
    OR IS_ODD(user_agent);
