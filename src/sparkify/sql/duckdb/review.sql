-- How a value that needs a closer look is judged, in records of both sources. Reads lists of one entry per column:
-- `parts` (the JSON values), `kinds` (their types) and `texts` (their texts).

-- The number that a value is, or a text spells; NULL for anything else, and for what no DOUBLE can hold.
CREATE OR REPLACE TEMP MACRO NUMBER_AT(parts, kinds, i) AS -- noqa: CP05
CASE WHEN kinds[i] <> 'BOOLEAN' THEN TRY_CAST(parts[i] AS DOUBLE) END;

CREATE OR REPLACE TEMP MACRO IS_MISSING(kinds, texts, i) AS -- noqa: CP05
kinds[i] IS NULL OR kinds[i] = 'NULL' OR texts[i] = '';

-- The integer that a value is: 39, 39.0, 3.9e1 and "39" are. A DOUBLE holds it exactly up to 2^53.
CREATE OR REPLACE TEMP MACRO INTEGER_AT(parts, kinds, texts, i) AS -- noqa: CP05
CASE
    WHEN ABS(NUMBER_AT(parts, kinds, i)) < 9007199254740992
        THEN
            CASE
                WHEN NUMBER_AT(parts, kinds, i) = TRUNC(NUMBER_AT(parts, kinds, i))
                    THEN CAST(NUMBER_AT(parts, kinds, i) AS BIGINT)
            END
    WHEN
        NUMBER_AT(parts, kinds, i) IS NOT NULL
        AND TRY_CAST(texts[i] AS DECIMAL(38, 6)) = TRUNC(TRY_CAST(texts[i] AS DECIMAL(38, 6)))
        THEN TRY_CAST(TRY_CAST(texts[i] AS DECIMAL(38, 6)) AS BIGINT)
END;

-- Why a value is no integer of a column; NULL where it is one, or missing.
CREATE OR REPLACE TEMP MACRO INTEGER_FAULT(parts, kinds, texts, i, name, value) AS -- noqa: CP05
CASE
    WHEN IS_MISSING(kinds, texts, i) OR value IS NOT NULL THEN NULL
    WHEN
        kinds[i] <> 'BOOLEAN'
        AND REGEXP_FULL_MATCH(texts[i], '-?[0-9]+(\.0*)?(e\+?[0-9]+)?')
        AND ABS(NUMBER_AT(parts, kinds, i)) > 2147483647
        THEN name || ': ' || LEFT(texts[i], 100) || ' is too large'
    ELSE name || ': ''' || LEFT(texts[i], 100) || ''' is not an integer'
END;

-- Why a value is no number; NULL where it is one, or missing.
CREATE OR REPLACE TEMP MACRO NUMBER_FAULT(kinds, texts, i, name, value) AS -- noqa: CP05
CASE
    WHEN IS_MISSING(kinds, texts, i) OR ISFINITE(value) THEN NULL
    ELSE name || ': ''' || LEFT(texts[i], 100) || ''' is not a number'
END;

-- Why a text can't be stored; NULL where all can. Objects and arrays are no texts; 65,535 bytes are Redshift's limit.
CREATE OR REPLACE TEMP MACRO TEXT_FAULT(kinds, texts, names) AS -- noqa: CP05
CASE
    WHEN LIST_HAS_ANY(kinds, ['OBJECT', 'ARRAY'])
        THEN names[LIST_POSITION(
            LIST_TRANSFORM(kinds, LAMBDA kind: COALESCE(kind IN ('OBJECT', 'ARRAY'), FALSE)), TRUE
        )] || ': an object or array where text belongs'
    WHEN CONTAINS(ARRAY_TO_STRING(texts, ''), CHR(0)) THEN 'a text with a NUL character'
    WHEN LIST_MAX(LIST_TRANSFORM(texts, LAMBDA text: STRLEN(text))) > 65535
        THEN 'a text longer than 65,535 bytes'
END;
