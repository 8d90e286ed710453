-- Every stored state casts to bytea and from it, when asked to: the bytes of its text form, checked on their way back.
\pset footer off
CREATE TEMP TABLE sample ON COMMIT DROP AS
WITH row AS (
    SELECT n, format('visitor-%s', n % 7) AS who, timestamptz '2031-03-01Z' + n * interval '11 minutes' AS at
    FROM generate_series(1, 400) AS n
)
SELECT 'mrcall.visit_state'::regtype AS state, mrcall.visit_agg(at, '30 minutes', '/' || who, who)::text AS text FROM row
UNION ALL SELECT 'mrcall.call_state', mrcall.call_agg(at, at + n * interval '1 second', who)::text FROM row
UNION ALL SELECT 'mrcall.distinct_state', mrcall.distinct_agg(n::text)::text FROM row
UNION ALL SELECT 'mrcall.funnel_state', mrcall.funnel_agg(at, ARRAY[n % 3 = 0, n % 5 = 0])::text FROM row
UNION ALL SELECT 'mrcall.path_set', mrcall.path_agg(ARRAY[who, 'Direct'], n, n * 1.25, n)::text FROM row;
-- Types that store a state (they alone compare by hash) without a sample here.
SELECT o.opcintype::regtype AS without_sample FROM pg_opclass AS o JOIN pg_type AS t ON t.oid = o.opcintype
WHERE t.typnamespace = 'mrcall'::regnamespace AND o.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hash')
    AND o.opcintype NOT IN (SELECT state FROM sample);

-- What a statement gives, or its SQLSTATE.
CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE query INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END
$$;
-- bytes: those of the text form; back: the same state, whatever bytea's own text form is.
SELECT state, pg_temp.outcome(format('SELECT %L::%s::bytea = decode(substr(%1$L, 3), ''hex'')', text, state)) AS bytes,
       pg_temp.outcome(format('SELECT %L::bytea::%s::text = %1$L', text, state)) AS back,
       pg_temp.outcome(format('SELECT %L::%s::bytea::%2$s OPERATOR(mrcall.=) %1$L::%2$s', text, state)) AS round_trip
FROM sample ORDER BY state::text;
SET LOCAL bytea_output = escape;
SELECT count(*) AS states, bool_and(pg_temp.outcome(format('SELECT %L::bytea::%s::text = %1$L', text, state)) = 'true') AS back FROM sample;
RESET bytea_output;
-- Bytes that are no state: empty, of another state, cut anywhere, with one more. NULL is NULL.
SELECT s.state, pg_temp.outcome(format('SELECT ''''::bytea::%s', s.state)) AS empty,
       (SELECT string_agg(DISTINCT pg_temp.outcome(format('SELECT %L::bytea::%s', o.text, s.state)), ' ')
        FROM sample AS o WHERE o.state <> s.state) AS another,
       (SELECT string_agg(DISTINCT pg_temp.outcome(format('SELECT substr(%L::bytea, 1, %s)::%s', s.text, n, s.state)), ' ')
        FROM generate_series(1, length(s.text) / 2 - 2, 1 + length(s.text) / 200) AS n) AS cut,
       pg_temp.outcome(format('SELECT (%L::bytea || ''\x00'')::%s', s.text, s.state)) AS longer,
       pg_temp.outcome(format('SELECT (NULL::bytea::%s IS NULL AND NULL::%1$s::bytea IS NULL)', s.state)) AS nulls
FROM sample AS s ORDER BY s.state::text;
SELECT '\x5009'::bytea::mrcall.path_set;
-- Never by themselves: a column of one takes no value of the other.
CREATE TEMP TABLE kept_bytes (bytes bytea) ON COMMIT DROP;
SELECT state, pg_temp.outcome(format('INSERT INTO kept_bytes SELECT %L::%s RETURNING 1', text, state)) AS to_bytea,
       pg_temp.outcome(format('SELECT CASE WHEN true THEN NULL::bytea ELSE %L::%s END', text, state)) AS both
FROM sample ORDER BY state::text;
SELECT c.castsource::regtype AS source, c.casttarget::regtype AS target, c.castcontext AS context FROM pg_cast AS c
WHERE c.castsource IN (SELECT state FROM sample) OR c.casttarget IN (SELECT state FROM sample)
ORDER BY c.castsource::regtype::text, c.casttarget::regtype::text;
