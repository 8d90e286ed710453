-- How long callers waited, per time bucket and business. Definitions: docs/calls.md.

-- One state for all calls, as in call_summary.
CREATE FUNCTION mrcall_internal.offered_set_trans(
    internal, business_id text, started_at timestamptz, ended_at timestamptz, answered_at timestamptz, answered boolean,
    direction text, since timestamptz)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'offered_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.offered_set_trans(
    internal, text, timestamptz, timestamptz, timestamptz, boolean, text, timestamptz) IS
    'Transition of offered_set';

--@ include templates/parallel_functions.sql state=offered_set aggregate=offered_set combine_cost=1 serialize_cost=1

CREATE FUNCTION mrcall_internal.offered_set_final(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'offered_set_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.offered_set_final(internal) IS 'Final function of offered_set';

CREATE AGGREGATE mrcall_internal.offered_set(
    business_id text, started_at timestamptz, ended_at timestamptz, answered_at timestamptz, answered boolean, direction text,
    since timestamptz) (
    SFUNC = mrcall_internal.offered_set_trans,
    FINALFUNC = mrcall_internal.offered_set_final,
--@ include templates/parallel_aggregate.sql state=offered_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.offered_set(text, timestamptz, timestamptz, timestamptz, boolean, text, timestamptz) IS
    'The calls that came in from since on, with the waits that run on from before, as bytes for offered_set_rows';

CREATE TYPE mrcall_internal.service_figures AS (
    bucket timestamptz, local timestamp, business_id text, offered bigint, answered bigint, abandoned bigint, waiting bigint,
    service_level float8, mean_wait interval, p95_wait interval, longest_wait interval, mean_talk interval,
    mean_handle interval, peak_waiting int, in_time bigint, counted bigint);
COMMENT ON TYPE mrcall_internal.service_figures IS 'A row of offered_set_rows';

CREATE FUNCTION mrcall_internal.offered_set_rows(
    calls bytea, width interval, since timestamptz, until timestamptz, zone text, fill text[], origin timestamp, within interval,
    short_abandon interval)
RETURNS SETOF mrcall_internal.service_figures
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'offered_set_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.offered_set_rows(
    bytea, interval, timestamptz, timestamptz, text, text[], timestamp, interval, interval) IS
    'The figures of an offered_set by bucket and business; a row for each bucket of the businesses in fill';

-- One row: the calls that the report needs, and the businesses that have a row for every bucket (NULL: those with calls).
CREATE FUNCTION mrcall_internal.offered_set_of(
    width interval, since timestamptz, until timestamptz, zone text, business_id text, within interval, short_abandon interval,
    owner text, template text, origin timestamp)
RETURNS TABLE (calls bytea, fill text[])
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
-- Compiling the expressions of some fifty chunks takes longer than it saves.
SET jit = off
AS $$
    -- A wrong width or zone is an error of next_bucket. Of calls before the range the ends of their waits count.
    SELECT business_id AS wanted, mrcall_internal.check_range(since, until), mrcall.next_bucket(width, since, zone, origin) AS checked,
           mrcall_internal.exact(within, 'within') AS checked_within,
           mrcall_internal.exact(short_abandon, 'short_abandon') AS checked_abandon,
           mrcall_internal.note_midnight(since, until, zone), mrcall_internal.require_attached(),
           mrcall_internal.earlier(since, make_interval(secs => mrcall_internal.longest_call())) AS visible;
    SELECT mrcall_internal.warn_of_nobody(wanted, offered_set_of.owner, offered_set_of.template,
                                          'call_service(width, since, until, zone, business_id)') AS warned;
    SELECT CASE
        WHEN offered_set_of.owner IS NOT NULL OR offered_set_of.template IS NOT NULL THEN (
            SELECT coalesce(array_agg(DISTINCT b.business_id), '{}')
            FROM mrcall.businesses AS b
            WHERE b.business_id IS NOT NULL AND (wanted IS NULL OR b.business_id = wanted)
              AND (offered_set_of.owner IS NULL OR b.owner = offered_set_of.owner)
              AND (offered_set_of.template IS NULL OR b.template = offered_set_of.template))
        WHEN wanted IS NOT NULL THEN ARRAY[wanted] END AS fill;
    -- An index on the business finds the calls of one quicker by = than by = ANY.
    SELECT CASE WHEN cardinality(fill) = 1 THEN fill[1] END AS single;
    SELECT mrcall_internal.offered_set(c.business_id, c.started_at, c.ended_at, c.answered_at, c.answered, c.direction, since), fill
    FROM mrcall.calls AS c
    WHERE c.started_at >= visible AND c.started_at < until
      AND (fill IS NULL OR CASE WHEN single IS NULL THEN c.business_id = ANY (fill) ELSE c.business_id = single END)
$$;
COMMENT ON FUNCTION mrcall_internal.offered_set_of(
    interval, timestamptz, timestamptz, text, text, interval, interval, text, text, timestamp) IS
    'The calls that call_service needs';

-- Meant to be inlined, so that the rows are not kept before the caller gets them: no SET, every name qualified.
CREATE FUNCTION mrcall.call_service(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', business_id text DEFAULT NULL,
    within interval DEFAULT '20 seconds', short_abandon interval DEFAULT '0', owner text DEFAULT NULL,
    template text DEFAULT NULL, origin timestamp DEFAULT NULL)
RETURNS TABLE (
    bucket timestamptz, local timestamp, business_id text, offered bigint, answered bigint, abandoned bigint, waiting bigint,
    service_level float8, mean_wait interval, p95_wait interval, longest_wait interval, mean_talk interval,
    mean_handle interval, peak_waiting int, in_time bigint, counted bigint)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT
        (r.row).bucket, (r.row).local, (r.row).business_id, (r.row).offered, (r.row).answered, (r.row).abandoned,
        (r.row).waiting, (r.row).service_level, (r.row).mean_wait, (r.row).p95_wait, (r.row).longest_wait,
        (r.row).mean_talk, (r.row).mean_handle, (r.row).peak_waiting, (r.row).in_time, (r.row).counted
    FROM (
        SELECT mrcall_internal.offered_set_rows(s.calls, $1, $2, $3, $4, s.fill, $10, $6, $7) AS row
        FROM mrcall_internal.offered_set_of($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS s
        OFFSET 0
    ) AS r
$$;
COMMENT ON FUNCTION mrcall.call_service(
    interval, timestamptz, timestamptz, text, text, interval, interval, text, text, timestamp) IS
    'Calls offered, answered and abandoned, and how long callers waited, per bucket; without gaps for one business or an owner or '
    'template. Two dates are days of the zone';

--@ include templates/local_days.sql name=call_service before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', business_id text DEFAULT NULL, within interval DEFAULT '20 seconds',
--@      short_abandon interval DEFAULT '0', owner text DEFAULT NULL, template text DEFAULT NULL,
--@      origin timestamp DEFAULT NULL" passed="zone, business_id, within, short_abandon, owner, template, origin"
--@   columns="bucket timestamptz, local timestamp, business_id text, offered bigint, answered bigint, abandoned bigint,
--@      waiting bigint, service_level float8, mean_wait interval, p95_wait interval, longest_wait interval, mean_talk interval,
--@      mean_handle interval, peak_waiting int, in_time bigint, counted bigint"
--@   types="interval, date, date, text, text, interval, interval, text, text, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=1000 what="Service level and waits of callers per bucket and business"
