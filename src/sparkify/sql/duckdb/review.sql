-- How a value that needs a closer look is judged, in records of both sources. Reads lists of one entry per column:
-- `parts` (the JSON values), `kinds` (their types) and `texts` (their texts).

-- Which entry a column has.
CREATE OR REPLACE TEMP MACRO PLACE(name) AS -- noqa: CP05
LIST_POSITION(GETVARIABLE('record_columns'), name);

-- The number that a value is, or a text spells; NULL for anything else, and for what no DOUBLE can hold.
CREATE OR REPLACE TEMP MACRO NUMBER_AT(parts, kinds, name) AS -- noqa: CP05
CASE WHEN kinds[PLACE(name)] <> 'BOOLEAN' THEN TRY_CAST(parts[PLACE(name)] AS DOUBLE) END;

CREATE OR REPLACE TEMP MACRO IS_MISSING(kinds, texts, name) AS -- noqa: CP05
kinds[PLACE(name)] IS NULL OR kinds[PLACE(name)] = 'NULL' OR texts[PLACE(name)] = '';

-- The integer that a value is: 39, 39.0, 3.9e1 and "39" are. A DOUBLE holds it exactly up to 2^53.
CREATE OR REPLACE TEMP MACRO INTEGER_AT(parts, kinds, texts, name) AS -- noqa: CP05
CASE
    WHEN ABS(NUMBER_AT(parts, kinds, name)) < 9007199254740992
        THEN
            CASE
                WHEN NUMBER_AT(parts, kinds, name) = TRUNC(NUMBER_AT(parts, kinds, name))
                    THEN CAST(NUMBER_AT(parts, kinds, name) AS BIGINT)
            END
    WHEN
        NUMBER_AT(parts, kinds, name) IS NOT NULL
        AND TRY_CAST(texts[PLACE(name)] AS DECIMAL(38, 6)) = TRUNC(TRY_CAST(texts[PLACE(name)] AS DECIMAL(38, 6)))
        THEN TRY_CAST(TRY_CAST(texts[PLACE(name)] AS DECIMAL(38, 6)) AS BIGINT)
END;

-- Why a value is no integer of a column; NULL where it is one, or missing.
CREATE OR REPLACE TEMP MACRO INTEGER_FAULT(parts, kinds, texts, name, value) AS -- noqa: CP05
CASE
    WHEN IS_MISSING(kinds, texts, name) OR value IS NOT NULL THEN NULL
    WHEN
        kinds[PLACE(name)] <> 'BOOLEAN'
        AND REGEXP_FULL_MATCH(texts[PLACE(name)], '-?[0-9]+(\.0*)?(e\+?[0-9]+)?')
        AND ABS(NUMBER_AT(parts, kinds, name)) > 2147483647
        THEN name || ': ' || LEFT(texts[PLACE(name)], 100) || ' is too large'
    ELSE name || ': ''' || LEFT(texts[PLACE(name)], 100) || ''' is not an integer'
END;

-- Why a value is no number; NULL where it is one, or missing.
CREATE OR REPLACE TEMP MACRO NUMBER_FAULT(kinds, texts, name, value) AS -- noqa: CP05
CASE
    WHEN IS_MISSING(kinds, texts, name) OR ISFINITE(value) THEN NULL
    ELSE name || ': ''' || LEFT(texts[PLACE(name)], 100) || ''' is not a number'
END;

-- Why a text can't be stored; NULL where all can. Objects and arrays are no texts; 65,535 bytes are Redshift's limit.
CREATE OR REPLACE TEMP MACRO TEXT_FAULT(kinds, texts) AS -- noqa: CP05
CASE
    WHEN LIST_HAS_ANY(kinds, ['OBJECT', 'ARRAY'])
        THEN GETVARIABLE('record_columns')[LIST_POSITION(
            LIST_TRANSFORM(kinds, LAMBDA kind: COALESCE(kind IN ('OBJECT', 'ARRAY'), FALSE)), TRUE
        )] || ': an object or array where text belongs'
    WHEN CONTAINS(ARRAY_TO_STRING(texts, ''), CHR(0)) THEN 'a text with a NUL character'
    WHEN LIST_MAX(LIST_TRANSFORM(texts, LAMBDA text: STRLEN(text))) > 65535
        THEN 'a text longer than 65,535 bytes'
END;
