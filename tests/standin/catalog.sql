-- What turns a fresh PostgreSQL 18 database into one that answers like Amazon Redshift.
-- PostgreSQL's SQL, run once by its superuser with allow_system_table_mods on. {log_folder} is filled in.

-- ---------------------------------------------------------------------------------------------------------
-- Trailing blanks do not count when strings are compared (Character types: Significance of trailing blanks).
-- CHAR's own comparing and hashing functions do that already; TEXT and with it VARCHAR get them here, for
-- operators, joins, grouping, sorting and DISTINCT alike.
-- ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_catalog.rs_eq(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpchareq';
CREATE FUNCTION pg_catalog.rs_ne(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpcharne';
CREATE FUNCTION pg_catalog.rs_lt(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpcharlt';
CREATE FUNCTION pg_catalog.rs_le(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpcharle';
CREATE FUNCTION pg_catalog.rs_gt(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpchargt';
CREATE FUNCTION pg_catalog.rs_ge(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bpcharge';
CREATE FUNCTION pg_catalog.rs_cmp(text, text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'bpcharcmp';
CREATE FUNCTION pg_catalog.rs_hash(text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashbpchar';
CREATE FUNCTION pg_catalog.rs_hash(text, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT AS 'hashbpcharextended';

UPDATE pg_operator
SET oprcode = ('pg_catalog.rs_' || CASE oprname
    WHEN '=' THEN 'eq' WHEN '<>' THEN 'ne' WHEN '<' THEN 'lt'
    WHEN '<=' THEN 'le' WHEN '>' THEN 'gt' WHEN '>=' THEN 'ge' END)::regproc
WHERE oprleft = 'text'::regtype AND oprright = 'text'::regtype AND oprname IN ('=', '<>', '<', '<=', '>', '>=');

UPDATE pg_amproc AS p
SET amproc = CASE
    WHEN p.amproc = 'bttextcmp'::regproc THEN 'rs_cmp(text,text)'::regprocedure
    WHEN p.amproc = 'hashtext'::regproc THEN 'rs_hash(text)'::regprocedure
    WHEN p.amproc = 'hashtextextended'::regproc THEN 'rs_hash(text,bigint)'::regprocedure END
FROM pg_opfamily AS f
WHERE f.oid = p.amprocfamily AND f.opfname = 'text_ops'
    AND p.amproclefttype = 'text'::regtype AND p.amprocrighttype = 'text'::regtype
    AND p.amproc IN ('bttextcmp'::regproc, 'hashtext'::regproc, 'hashtextextended'::regproc);

DELETE FROM pg_amproc AS p USING pg_opfamily AS f, pg_am AS a
WHERE f.oid = p.amprocfamily AND f.opfname = 'text_ops' AND a.oid = f.opfmethod AND a.amname = 'btree'
    AND p.amproclefttype = 'text'::regtype AND p.amprocnum IN (2, 4);  -- sort support and deduplication

-- ---------------------------------------------------------------------------------------------------------
-- VARCHAR(n) counts bytes, CHAR(n) takes single-byte characters only (Character types). PostgreSQL enforces
-- lengths by the casts VARCHAR -> VARCHAR and CHAR -> CHAR; they get new functions.
-- ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_catalog.rs_varchar(value varchar, modifier integer, explicit boolean) RETURNS varchar
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    size integer := modifier - 4;
    cut varchar;
BEGIN
    IF modifier < 4 OR octet_length(value) <= size THEN
        RETURN value;
    END IF;
    cut := left(value, size);
    WHILE octet_length(cut) > size LOOP
        cut := left(cut, -1);
    END LOOP;
    IF NOT explicit AND rtrim(substr(value, length(cut) + 1), ' ') <> '' THEN
        RAISE EXCEPTION USING ERRCODE = '22001', MESSAGE = 'value too long for type character varying(' || size || ')';
    END IF;
    RETURN cut;
END $$;

CREATE FUNCTION pg_catalog.rs_bpchar(value bpchar, modifier integer, explicit boolean) RETURNS bpchar
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF octet_length(value::text) <> char_length(value::text) THEN
        RAISE EXCEPTION USING ERRCODE = '22001',
            MESSAGE = 'Multibyte character not supported for CHAR (Hint: try using VARCHAR).';
    END IF;
    RETURN pg_catalog.bpchar(value, modifier, explicit);
END $$;

UPDATE pg_cast SET castfunc = 'rs_varchar'::regproc
WHERE castsource = 'varchar'::regtype AND casttarget = 'varchar'::regtype;
UPDATE pg_cast SET castfunc = 'rs_bpchar'::regproc
WHERE castsource = 'bpchar'::regtype AND casttarget = 'bpchar'::regtype;

-- ---------------------------------------------------------------------------------------------------------
-- EXTRACT gives the integer of that part alone, DATE_PART the same as a DOUBLE (Datetime functions; Date
-- parts for date or timestamp functions). PostgreSQL's seconds and milliseconds run into each other.
-- ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_catalog.rs_datepart(part text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
    WHEN p IN ('millennium', 'millennia', 'mil', 'mils') THEN 'millennium'
    WHEN p IN ('century', 'centuries', 'c', 'cent', 'cents') THEN 'century'
    WHEN p IN ('decade', 'decades', 'dec', 'decs') THEN 'decade'
    WHEN p = 'epoch' THEN 'epoch'
    WHEN p IN ('year', 'years', 'y', 'yr', 'yrs') THEN 'year'
    WHEN p IN ('quarter', 'quarters', 'qtr', 'qtrs') THEN 'quarter'
    WHEN p IN ('month', 'months', 'mon', 'mons') THEN 'month'
    WHEN p IN ('week', 'weeks', 'w') THEN 'week'
    WHEN p IN ('dayofweek', 'dow', 'dw', 'weekday') THEN 'dow'
    WHEN p IN ('dayofyear', 'doy', 'dy', 'yearday') THEN 'doy'
    WHEN p IN ('day', 'days', 'd') THEN 'day'
    WHEN p IN ('hour', 'hours', 'h', 'hr', 'hrs') THEN 'hour'
    WHEN p IN ('minute', 'minutes', 'm', 'min', 'mins') THEN 'minute'
    WHEN p IN ('second', 'seconds', 's', 'sec', 'secs') THEN 'second'
    WHEN p IN ('millisecond', 'milliseconds', 'ms', 'msec', 'msecs', 'msecond', 'mseconds', 'millisec', 'millisecs',
               'millisecon') THEN 'milliseconds'
    WHEN p IN ('microsecond', 'microseconds', 'microsec', 'microsecs', 'microsecond', 'usecond', 'useconds', 'us',
               'usec', 'usecs') THEN 'microseconds'
    ELSE p END
FROM (SELECT lower(part) AS p) AS given
$$;

DO $$
DECLARE
    old regprocedure;
BEGIN
    FOR old IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
            AND (proname IN ('extract', 'date_part')
                    AND proargtypes[1] IN ('timestamp'::regtype, 'date'::regtype, 'timestamptz'::regtype)
                OR proname = 'date_trunc' AND proargtypes::text = format('%s %s', 'text'::regtype::oid, 'timestamp'::regtype::oid)
                OR proname = 'avg' AND proargtypes[0] IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
                OR proname IN ('concat', 'regexp_replace', 'version', 'decode'))
    LOOP
        EXECUTE format('ALTER ROUTINE %s RENAME TO %I', old, 'pg_' || (SELECT proname FROM pg_proc WHERE oid = old));
    END LOOP;
END $$;

CREATE FUNCTION pg_catalog.rs_part(part text, moment timestamp) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    name text := rs_datepart(part);
BEGIN
    RETURN CASE name
        WHEN 'second' THEN trunc(pg_extract('second', moment))
        WHEN 'milliseconds' THEN trunc(pg_extract('milliseconds', moment))::integer % 1000
        WHEN 'microseconds' THEN pg_extract('microseconds', moment)::bigint % 1000000
        WHEN 'epoch' THEN floor(pg_extract('epoch', moment))
        ELSE pg_extract(name, moment) END::integer;
END $$;
CREATE FUNCTION pg_catalog.extract(text, timestamp) RETURNS integer
    LANGUAGE sql IMMUTABLE AS 'SELECT rs_part($1, $2)';
CREATE FUNCTION pg_catalog.extract(text, date) RETURNS integer
    LANGUAGE sql IMMUTABLE AS 'SELECT rs_part($1, $2::timestamp)';
CREATE FUNCTION pg_catalog.extract(text, timestamptz) RETURNS integer
    LANGUAGE sql STABLE AS 'SELECT rs_part($1, $2::timestamp)';
CREATE FUNCTION pg_catalog.date_part(text, timestamp) RETURNS double precision
    LANGUAGE sql IMMUTABLE AS 'SELECT rs_part($1, $2)::double precision';
CREATE FUNCTION pg_catalog.date_part(text, date) RETURNS double precision
    LANGUAGE sql IMMUTABLE AS 'SELECT rs_part($1, $2::timestamp)::double precision';
CREATE FUNCTION pg_catalog.date_part(text, timestamptz) RETURNS double precision
    LANGUAGE sql STABLE AS 'SELECT rs_part($1, $2::timestamp)::double precision';
CREATE FUNCTION pg_catalog.date_trunc(text, timestamp) RETURNS timestamp
    LANGUAGE sql IMMUTABLE AS 'SELECT pg_date_trunc(rs_datepart($1), $2)';

-- DATEADD and DATEDIFF (their pages): DATEDIFF counts the boundaries crossed, not the time between.
CREATE FUNCTION pg_catalog.dateadd(part text, amount bigint, moment timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT AS $$
SELECT moment + amount * CASE rs_datepart(part)
    WHEN 'quarter' THEN interval '3 months'
    WHEN 'milliseconds' THEN interval '1 millisecond'
    WHEN 'microseconds' THEN interval '1 microsecond'
    ELSE ('1 ' || rs_datepart(part))::interval END
$$;
CREATE FUNCTION pg_catalog.datediff(part text, first timestamp, second timestamp) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    name text := rs_datepart(part);
    months bigint := (pg_extract('year', second) - pg_extract('year', first)) * 12
        + pg_extract('month', second) - pg_extract('month', first);
    gap numeric;
BEGIN
    IF name IN ('year', 'decade', 'century', 'millennium') THEN
        RETURN pg_extract(name, second) - pg_extract(name, first);
    ELSIF name = 'month' THEN
        RETURN months;
    ELSIF name = 'quarter' THEN
        RETURN (pg_extract('year', second) - pg_extract('year', first)) * 4
            + pg_extract('quarter', second) - pg_extract('quarter', first);
    ELSIF name = 'week' THEN  -- weeks begin on Sunday here
        RETURN ((second::date + 1 - pg_extract('dow', second)::integer)
            - (first::date + 1 - pg_extract('dow', first)::integer)) / 7;
    END IF;
    gap := pg_extract('epoch', pg_date_trunc(name, second)) - pg_extract('epoch', pg_date_trunc(name, first));
    RETURN CASE name
        WHEN 'day' THEN gap / 86400 WHEN 'hour' THEN gap / 3600 WHEN 'minute' THEN gap / 60
        WHEN 'milliseconds' THEN gap * 1000 WHEN 'microseconds' THEN gap * 1000000 ELSE gap END::bigint;
END $$;

-- GETDATE: start of the statement, to the second. SYSDATE: start of the transaction (their pages).
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE SECURITY DEFINER
    AS $$SELECT pg_date_trunc('second', statement_timestamp()::timestamp)$$;
CREATE FUNCTION pg_catalog.rs_sysdate() RETURNS timestamp LANGUAGE sql STABLE SECURITY DEFINER
    AS 'SELECT now()::timestamp';
CREATE FUNCTION pg_catalog.convert_timezone(source text, target text, moment timestamp) RETURNS timestamp
    LANGUAGE sql STABLE STRICT AS 'SELECT moment AT TIME ZONE source AT TIME ZONE target';
CREATE FUNCTION pg_catalog.convert_timezone(target text, moment timestamp) RETURNS timestamp
    LANGUAGE sql STABLE STRICT AS $$SELECT moment AT TIME ZONE 'UTC' AT TIME ZONE target$$;
CREATE FUNCTION pg_catalog.last_day(moment timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT
    AS $$SELECT (pg_date_trunc('month', moment) + interval '1 month - 1 day')::date$$;
CREATE FUNCTION pg_catalog.trunc(moment timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT AS 'SELECT moment::date';

-- ---------------------------------------------------------------------------------------------------------
-- Functions that PostgreSQL lacks, or has otherwise.
-- ---------------------------------------------------------------------------------------------------------
-- AVG: BIGINT for any integer argument, so without a fraction (AVG function).
CREATE FUNCTION pg_catalog.rs_avg_add(bigint[], bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT ARRAY[$1[1] + 1, $1[2] + $2]';
CREATE FUNCTION pg_catalog.rs_avg_end(bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT CASE WHEN $1[1] > 0 THEN $1[2] / $1[1] END';
CREATE AGGREGATE pg_catalog.avg(smallint)
    (SFUNC = int2_avg_accum, STYPE = bigint[], FINALFUNC = rs_avg_end, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.avg(integer)
    (SFUNC = int4_avg_accum, STYPE = bigint[], FINALFUNC = rs_avg_end, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.avg(bigint)
    (SFUNC = rs_avg_add, STYPE = bigint[], FINALFUNC = rs_avg_end, INITCOND = '{0,0}');

-- LISTAGG function (WITHIN GROUP is rewritten to an ORDER BY inside).
CREATE AGGREGATE pg_catalog.listagg(text, text)
    (SFUNC = string_agg_transfn, STYPE = internal, FINALFUNC = string_agg_finalfn);
CREATE FUNCTION pg_catalog.rs_listagg_add(text, text) RETURNS text LANGUAGE sql IMMUTABLE
    AS 'SELECT CASE WHEN $2 IS NULL THEN $1 WHEN $1 IS NULL THEN $2 ELSE $1 || $2 END';
CREATE AGGREGATE pg_catalog.listagg(text) (SFUNC = rs_listagg_add, STYPE = text);

CREATE FUNCTION pg_catalog.len(text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT char_length($1)';
-- LEN and LENGTH do not count the trailing blanks of CHAR, but do those of VARCHAR (LEN function).
CREATE FUNCTION pg_catalog.charindex(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT strpos($2, $1)';
CREATE FUNCTION pg_catalog.concat(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 || $2';
CREATE FUNCTION pg_catalog.nvl2(text, anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE
    AS 'SELECT CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END';
CREATE FUNCTION pg_catalog.nvl2(anyelement, anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE
    AS 'SELECT CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END';
CREATE FUNCTION pg_catalog.round(double precision, integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT AS 'SELECT round($1::numeric, $2)::double precision';
CREATE FUNCTION pg_catalog.trunc(double precision, integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT AS 'SELECT trunc($1::numeric, $2)::double precision';
CREATE FUNCTION pg_catalog.regexp_replace(text, text, text DEFAULT '') RETURNS text LANGUAGE sql IMMUTABLE STRICT
    AS $$SELECT pg_regexp_replace($1, $2, regexp_replace_target, 'g')
         FROM (SELECT pg_regexp_replace($3, '[$]([0-9])', repeat(chr(92), 3) || '1', 'g') AS regexp_replace_target)$$;
CREATE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE
    AS $$SELECT 'PostgreSQL 8.0.2 on a stand-in for Amazon Redshift, Redshift 1.0.0'::text$$;

-- STRTOL function: the number that a string means in a base; it must fit a BIGINT.
CREATE FUNCTION pg_catalog.strtol(digits text, base integer) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT SECURITY DEFINER AS $$
DECLARE
    total numeric := 0;
    digit integer;
    letter text;
BEGIN
    FOREACH letter IN ARRAY regexp_split_to_array(lower(ltrim(digits, '+-')), '') LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', letter) - 1;
        IF digit < 0 OR digit >= base THEN
            RAISE EXCEPTION USING ERRCODE = 'XX000',
                MESSAGE = 'The input ' || digits || ' is not valid to be converted to base ' || base;
        END IF;
        total := total * base + digit;
    END LOOP;
    RETURN CASE WHEN digits LIKE '-%' THEN -total ELSE total END::bigint;
END $$;

-- FNV_HASH function: FNV-1a of 64 bits over the value's bytes, numbers little-endian.
CREATE FUNCTION pg_catalog.rs_fnv(value bytea, seed bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
DECLARE
    hash numeric := CASE WHEN seed < 0 THEN seed + 18446744073709551616 ELSE seed END;
    low bigint;
BEGIN
    FOR i IN 0 .. octet_length(value) - 1 LOOP
        low := mod(hash, 256);
        hash := mod((hash - low + (low # get_byte(value, i))) * 1099511628211, 18446744073709551616);
    END LOOP;
    RETURN CASE WHEN hash >= 9223372036854775808 THEN hash - 18446744073709551616 ELSE hash END::bigint;
END $$;
CREATE FUNCTION pg_catalog.rs_reversed(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT reverse(value)';
CREATE FUNCTION pg_catalog.fnv_hash(text, bigint DEFAULT -3750763034362895579) RETURNS bigint
    LANGUAGE sql IMMUTABLE SECURITY DEFINER AS $$SELECT rs_fnv(convert_to($1, 'UTF8'), $2)$$;
CREATE FUNCTION pg_catalog.fnv_hash(integer, bigint DEFAULT -3750763034362895579) RETURNS bigint
    LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT rs_fnv(rs_reversed(int4send($1)), $2)';
CREATE FUNCTION pg_catalog.fnv_hash(bigint, bigint DEFAULT -3750763034362895579) RETURNS bigint
    LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT rs_fnv(rs_reversed(int8send($1)), $2)';

-- JSON_EXTRACT_PATH_TEXT function: from a string; NULL where the path leads nowhere.
CREATE FUNCTION pg_catalog.json_extract_path_text(document text, VARIADIC path text[]) RETURNS text
    LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT document::json #>> path';
CREATE FUNCTION pg_catalog.is_valid_json(document text) RETURNS boolean LANGUAGE sql IMMUTABLE SECURITY DEFINER
    AS $$SELECT document IS JSON OBJECT OR document IS JSON ARRAY$$;

-- ---------------------------------------------------------------------------------------------------------
-- System tables: the proxy appends lines of JSON to files, so that they outlive a rollback and every
-- transaction sees the newest, whatever its snapshot (STL views for logging; SYS monitoring views).
-- ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_catalog.rs_log(name text) RETURNS SETOF jsonb LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
SELECT line::jsonb
FROM regexp_split_to_table(pg_read_file({log_folder} || '/' || name || '.jsonl'), E'\n') AS line
WHERE line <> ''
$$;
CREATE FUNCTION pg_catalog.rs_session(key text) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
SELECT (line ->> key)::bigint
FROM (SELECT line, row_number() OVER () AS n FROM rs_log('session') AS line) AS log
WHERE line ->> 'pid' = pg_backend_pid()::text
ORDER BY n DESC LIMIT 1
$$;
CREATE FUNCTION pg_catalog.pg_last_copy_id() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$SELECT coalesce(rs_session('query'), -1)$$;
CREATE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$SELECT coalesce(rs_session('loaded'), 0)$$;

-- SVV_TRANSACTIONS: open transactions and the locks they hold or wait for. STV_SESSIONS: who is connected.
CREATE VIEW pg_catalog.svv_transactions AS
SELECT
    a.usename::text AS txn_owner,
    a.datname::text AS txn_db,
    coalesce(a.backend_xid::text, '0')::bigint AS xid,
    a.pid,
    (a.xact_start AT TIME ZONE 'UTC')::timestamp AS txn_start,
    l.mode AS lock_mode,
    CASE WHEN l.relation IS NULL THEN 'transactionid' ELSE 'relation' END AS lockable_object_type,
    l.relation::bigint::integer AS relation,
    l.granted
FROM pg_stat_activity AS a
JOIN pg_locks AS l ON l.pid = a.pid
WHERE a.xact_start IS NOT NULL AND a.datname = current_database() AND l.locktype IN ('relation', 'transactionid');
CREATE VIEW pg_catalog.stv_sessions AS
SELECT
    (backend_start AT TIME ZONE 'UTC')::timestamp AS starttime,
    pid AS process,
    pg_catalog.bpchar(usename::text::bpchar, 54, true) AS user_name,
    pg_catalog.bpchar(datname::text::bpchar, 54, true) AS db_name,
    0 AS timeout_sec
FROM pg_stat_activity
WHERE datname = current_database();
GRANT SELECT ON pg_catalog.svv_transactions, pg_catalog.stv_sessions TO PUBLIC;
