-- Calls per time bucket and business. Definitions: docs/call_summary.md.

-- One state for all calls: a group for each business and bucket would cost more than the calls themselves.
CREATE FUNCTION mrcall_internal.call_set_trans(
    internal, business_id text, started_at timestamptz, ended_at timestamptz, outcome text, answered boolean, caller text,
    since timestamptz, known text[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_set_trans(
    internal, text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[]) IS
    'Transition of call_set';

--@ include templates/parallel_functions.sql state=call_set aggregate=call_set combine_cost=1 serialize_cost=1

CREATE FUNCTION mrcall_internal.call_set_final(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_set_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_set_final(internal) IS 'Final function of call_set';

CREATE AGGREGATE mrcall_internal.call_set(
    business_id text, started_at timestamptz, ended_at timestamptz, outcome text, answered boolean, caller text,
    since timestamptz, known text[]) (
    SFUNC = mrcall_internal.call_set_trans,
    FINALFUNC = mrcall_internal.call_set_final,
--@ include templates/parallel_aggregate.sql state=call_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.call_set(text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[]) IS
    'The calls from since on, with the callers of those before, as bytes for call_set_rows';

-- The same where another server may run it, which has to be of the same version.
CREATE FUNCTION mrcall_internal.call_set_asked_trans(
    internal, business_id text, started_at timestamptz, ended_at timestamptz, outcome text, answered boolean, caller text,
    since timestamptz, known text[], version text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_set_asked_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_set_asked_trans(
    internal, text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[], text) IS
    'Transition of call_set with a version';

CREATE AGGREGATE mrcall_internal.call_set(
    business_id text, started_at timestamptz, ended_at timestamptz, outcome text, answered boolean, caller text,
    since timestamptz, known text[], version text) (
    SFUNC = mrcall_internal.call_set_asked_trans,
    FINALFUNC = mrcall_internal.call_set_final,
--@ include templates/parallel_aggregate.sql state=call_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.call_set(text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[], text) IS
    'As call_set, of a version that is checked';

CREATE FUNCTION mrcall_internal.call_set_merge_trans(internal, calls bytea)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_set_merge_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_set_merge_trans(internal, bytea) IS 'Transition of call_set_merge';

CREATE AGGREGATE mrcall_internal.call_set_merge(calls bytea) (
    SFUNC = mrcall_internal.call_set_merge_trans,
    FINALFUNC = mrcall_internal.call_set_final,
--@ include templates/parallel_aggregate.sql state=call_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.call_set_merge(bytea) IS 'The call sets of several parts of the calls, as one';

CREATE TYPE mrcall_internal.call_figures AS (
    bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint, new_callers bigint,
    total_duration interval, mean_duration interval, p50_duration interval, p95_duration interval, peak_concurrency int,
    outcomes jsonb, local timestamp);
COMMENT ON TYPE mrcall_internal.call_figures IS 'A row of call_set_rows';

CREATE FUNCTION mrcall_internal.call_set_rows(
    calls bytea, width interval, since timestamptz, until timestamptz, zone text, fill text[],
    origin timestamp DEFAULT NULL)
RETURNS SETOF mrcall_internal.call_figures
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'call_set_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_set_rows(bytea, interval, timestamptz, timestamptz, text, text[], timestamp) IS
    'The figures of a call_set by bucket and business; a row for each bucket of the businesses in fill';

-- Over the values of call_set_of; where calls lie in several tables a set of each, made where the table is.
CREATE FUNCTION mrcall_internal.call_set_query()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $query$
    SELECT CASE WHEN mrcall_internal.is_spread('calls')
        THEN 'SELECT mrcall_internal.call_set_merge(p.calls), fill FROM ('
             || mrcall_internal.over_parts('calls', format(q.text, ', version', ' AS calls', '{part}'), 'mrcall.session_archive')
             || ') AS p'
        ELSE format(q.text, '', ', fill', 'mrcall.calls') END
    FROM (VALUES ($$
    SELECT mrcall_internal.call_set(
               c.business_id, c.started_at, CASE WHEN c.started_at >= visible THEN c.ended_at END, c.outcome, c.answered,
               c.caller, since, known%s)%s
    FROM %s AS c
    WHERE c.started_at < until
      AND (fill IS NULL OR CASE WHEN single IS NULL THEN c.business_id = ANY (fill) ELSE c.business_id = single END)
    $$)) AS q (text)
$query$;
COMMENT ON FUNCTION mrcall_internal.call_set_query() IS 'The query of call_set_of';

-- One row: the calls that the report needs, and the businesses that have a row for every bucket (NULL: those with calls).
CREATE FUNCTION mrcall_internal.call_set_of(
    width interval, since timestamptz, until timestamptz, zone text, business_id text, owner text, template text,
    origin timestamp)
RETURNS TABLE (calls bytea, fill text[])
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
-- Compiling the expressions of some fifty chunks takes longer than it saves.
SET jit = off
AS $$
    -- A wrong width or zone is an error of next_bucket. Calls before count for the callers they bring, and for their ends while
    -- they may still run.
    SELECT business_id AS wanted, mrcall_internal.check_range(since, until), mrcall.next_bucket(width, since, zone, origin) AS checked,
           mrcall_internal.note_midnight(since, until, zone), mrcall_internal.require_attached(),
           mrcall_internal.earlier(since, make_interval(secs => mrcall_internal.longest_call())) AS visible;
    SELECT mrcall_internal.warn_of_nobody(wanted, call_set_of.owner, call_set_of.template,
                                          'call_summary(width, since, until, zone, business_id)') AS warned;
    SELECT CASE
        WHEN call_set_of.owner IS NOT NULL OR call_set_of.template IS NOT NULL THEN (
            SELECT coalesce(array_agg(DISTINCT b.business_id), '{}')
            FROM mrcall.businesses AS b
            WHERE b.business_id IS NOT NULL AND (wanted IS NULL OR b.business_id = wanted)
              AND (call_set_of.owner IS NULL OR b.owner = call_set_of.owner)
              AND (call_set_of.template IS NULL OR b.template = call_set_of.template))
        WHEN wanted IS NOT NULL THEN ARRAY[wanted] END AS fill;
    -- An index on the business finds the calls of one quicker by = than by = ANY.
    SELECT mrcall_internal.deleted_callers(since, until, fill) AS known,
           CASE WHEN cardinality(fill) = 1 THEN fill[1] END AS single, mrcall.version() AS version,
           mrcall_internal.call_set_query() AS query;
    EXECUTE query
$$;
COMMENT ON FUNCTION mrcall_internal.call_set_of(interval, timestamptz, timestamptz, text, text, text, text, timestamp) IS
    'The calls that call_summary needs';

-- Meant to be inlined, so that the rows are not kept before the caller gets them: no SET, every name qualified.
CREATE FUNCTION mrcall.call_summary(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', business_id text DEFAULT NULL,
    owner text DEFAULT NULL, template text DEFAULT NULL, origin timestamp DEFAULT NULL)
RETURNS TABLE (
    bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint, new_callers bigint,
    total_duration interval, mean_duration interval, p50_duration interval, p95_duration interval, peak_concurrency int,
    outcomes jsonb, local timestamp)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT
        (r.row).bucket, (r.row).business_id, (r.row).calls, (r.row).answered, (r.row).missed, (r.row).callers,
        (r.row).new_callers, (r.row).total_duration, (r.row).mean_duration, (r.row).p50_duration, (r.row).p95_duration,
        (r.row).peak_concurrency, (r.row).outcomes, (r.row).local
    FROM (
        SELECT mrcall_internal.call_set_rows(s.calls, $1, $2, $3, $4, s.fill, $8) AS row
        FROM mrcall_internal.call_set_of($1, $2, $3, $4, $5, $6, $7, $8) AS s
        OFFSET 0
    ) AS r
$$;
COMMENT ON FUNCTION mrcall.call_summary(interval, timestamptz, timestamptz, text, text, text, text, timestamp) IS
    'Calls, outcomes, callers, durations and peak concurrency per bucket; without gaps for one business or an owner or template. '
    'Two dates are days of the zone';

--@ include templates/local_days.sql name=call_summary before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', business_id text DEFAULT NULL, owner text DEFAULT NULL, template text DEFAULT NULL,
--@      origin timestamp DEFAULT NULL" passed="zone, business_id, owner, template, origin"
--@   columns="bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint,
--@      new_callers bigint, total_duration interval, mean_duration interval, p50_duration interval, p95_duration interval,
--@      peak_concurrency int, outcomes jsonb, local timestamp" types="interval, date, date, text, text, text, text, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=1000 what="Calls, callers and durations per bucket and business"
