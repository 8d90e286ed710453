-- mrcall.call_service against plain SQL over the rows themselves, in many small worlds of calls that are answered at once, late, never,
-- before they begin or after they end, that wait still, go out, or belong to nobody, around changes of the clock. A difference names its
-- seed; to see that world alone, call pg_temp.build(seed) and pg_temp.differences(seed). SOAK=1 in psql's environment makes many worlds.
\pset footer off
\set worlds 400
\getenv soak SOAK
\if :{?soak}
    \set worlds 10000
\endif
-- Businesses and owners that nobody knows are asked for, too: hundreds of warnings.
SET LOCAL client_min_messages = error;
CREATE SCHEMA world;
CREATE TABLE world.call (LIKE mrcall.session_archive);
ALTER TABLE world.call ALTER business_id DROP NOT NULL;
CREATE TABLE world.business (business_id text, owner text, template text);
SELECT mrcall.attach('{"calls": {"table": "world.call", "columns": {"call_id": "call_id", "started_at": "started_at",
    "ended_at": "ended_at", "outcome": "outcome", "answered": "answered", "caller": "caller", "medium": null, "language": null,
    "last_state": null, "state_variables": null, "data": null, "states": null,
    "answered_at": "answered_at", "direction": "direction", "agent": "agent"}},
    "businesses": {"table": "world.business", "columns": {"created_at": null, "subscription_status": null,
    "stripe_customer_id": null, "zone": null}}}') \g /dev/null

CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;

CREATE FUNCTION pg_temp.build(seed int)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM world.call;
    DELETE FROM world.business;
    INSERT INTO world.call (business_id, started_at, call_id, ended_at, answered, answered_at, direction, agent)
    SELECT pg_temp.pick('{a,a,b,B,é,NULL}'::text[], k.key || 'business'), s.at, k.key, s.at + e.after,
           pg_temp.pick('{true,true,false,NULL}'::boolean[], k.key || 'answered'),
           CASE pg_temp.pick('{never,soon,soon,soon,at the end,late,before}'::text[], k.key || 'when')
               WHEN 'soon' THEN s.at + pg_temp.pick('{0,1 us,5 s,20 s,20.000001 s,50 s}'::interval[], k.key || 'wait')
               WHEN 'at the end' THEN s.at + e.after
               WHEN 'late' THEN s.at + e.after + interval '1 us'
               WHEN 'before' THEN s.at - interval '1 us' END,
           pg_temp.pick('{NULL,inbound,inbound,Inbound,"",outbound,Outbound-API,out}'::text[], k.key || 'direction'), 'Ann'
    FROM generate_series(1, 5 + seed % 61) AS n
    CROSS JOIN LATERAL (VALUES (format('%s call %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (SELECT pg_temp.pick('{3 s,10 s,1 min,5 min,3 h,23 h,25 h,7 days,0,-1 min,1 us,NULL,NULL}'::interval[],
                                            k.key || 'length') AS after) AS e
    CROSS JOIN LATERAL (
        SELECT timestamptz '2026-03-27 20:00Z' + (hashtextextended(k.key, 1) & 1073741823) % 12
                   * pg_temp.pick('{1 s,5 s,1 min,30 min,6 h}'::interval[], k.key)
                   + pg_temp.pick('{0,1 min,3 h,27 h,53 h}'::interval[], 'near ' || k.key)
                   + pg_temp.pick('{0,0,0,0.000001 s,-0.000001 s}'::interval[], 'tick ' || k.key) AS at) AS s
    ORDER BY hashtext(k.key);
    INSERT INTO world.business VALUES ('a', 'o1', 't1'), ('b', 'o1', 't2'), ('B', 'o2', 't1'), ('none', 'o2', 't1'), (NULL, 'o1', 't1');
END
$$;

CREATE FUNCTION pg_temp.plain(
    unit text, since timestamptz, until timestamptz, zone text, one text, rule interval, short interval, for_owner text, for_template text)
RETURNS TABLE (
    bucket timestamptz, local timestamp, business_id text, offered bigint, answered bigint, abandoned bigint, waiting bigint,
    service_level float8, mean_wait interval, p95_wait interval, longest_wait interval, mean_talk interval,
    mean_handle interval, peak_waiting int, in_time bigint, counted bigint)
LANGUAGE sql
AS $$
    WITH call AS (
        SELECT coalesce(c.business_id, '-') AS business, c.business_id, c.started_at, c.is_answered, c.ended_at IS NOT NULL AS is_over,
               b.bucket,
               -- In hours alone: the server rounds a fraction of days and one of hours each on its own.
               make_interval(secs => extract(epoch FROM c.waited_until - c.started_at)::float8) AS wait,
               make_interval(secs => extract(epoch FROM c.ended_at - c.answer)::float8) AS talk, c.waited_until
        FROM (SELECT x.*, x.answer IS NOT NULL OR coalesce(x.answered, false) AS is_answered,
                     CASE WHEN x.answer IS NOT NULL THEN x.answer WHEN coalesce(x.answered, false) THEN NULL
                          WHEN x.ended_at >= x.started_at THEN x.ended_at END AS waited_until
              FROM (SELECT w.*, CASE WHEN w.answered_at >= w.started_at AND w.answered_at <= coalesce(w.ended_at, w.answered_at)
                                     THEN w.answered_at END AS answer
                    FROM world.call AS w
                    WHERE coalesce(lower(w.direction), '') NOT LIKE 'outbound%') AS x) AS c
        LEFT JOIN mrcall.buckets(('1 ' || unit)::interval, since, until, zone) AS b
            ON c.started_at >= b.bucket AND c.started_at < b.next_bucket AND c.started_at >= since
        WHERE c.started_at < until
    ),
    wanted AS (
        SELECT DISTINCT w.business_id FROM (SELECT one AS business_id UNION SELECT b.business_id FROM mrcall.businesses AS b) AS w
        WHERE w.business_id IS NOT NULL AND (one IS NULL OR w.business_id = one)
          AND (for_owner IS NULL AND for_template IS NULL
               OR EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id = w.business_id
                          AND b.owner = coalesce(for_owner, b.owner) AND b.template = coalesce(for_template, b.template)))
    ),
    row AS (
        SELECT b.bucket, w.business_id, w.business_id AS business
        FROM wanted AS w CROSS JOIN mrcall.buckets(('1 ' || unit)::interval, since, until, zone) AS b
        WHERE coalesce(one, for_owner, for_template) IS NOT NULL
        UNION
        SELECT c.bucket, c.business_id, c.business FROM call AS c
        WHERE c.bucket IS NOT NULL AND coalesce(one, for_owner, for_template) IS NULL
    )
    SELECT r.bucket, r.bucket AT TIME ZONE zone, r.business_id, count(c.business), count(*) FILTER (WHERE c.is_answered),
           count(*) FILTER (WHERE NOT c.is_answered AND c.is_over), count(*) FILTER (WHERE NOT c.is_answered AND NOT c.is_over),
           count(*) FILTER (WHERE c.is_answered AND c.wait <= rule)::float8 / nullif(
               count(c.business) - count(*) FILTER (WHERE NOT c.is_answered AND NOT c.is_over)
               - count(*) FILTER (WHERE NOT c.is_answered AND c.is_over AND c.wait < short)
               - count(*) FILTER (WHERE c.is_answered AND c.wait IS NULL), 0),
           avg(c.wait) FILTER (WHERE c.is_answered), percentile_cont(0.95) WITHIN GROUP (ORDER BY c.wait) FILTER (WHERE c.is_answered),
           max(c.wait), avg(c.talk), avg(c.talk),
           (SELECT coalesce(max(m.waiting), 0)::int
            FROM (SELECT (SELECT count(*) FROM call AS o
                          WHERE o.business = r.business AND o.started_at <= i.at AND o.waited_until > i.at
                            AND o.started_at >= since - interval '24 hours') AS waiting
                  FROM (SELECT greatest(r.bucket, since) AS at
                        UNION SELECT s.started_at FROM call AS s WHERE s.bucket = r.bucket AND s.business = r.business) AS i) AS m),
           count(*) FILTER (WHERE c.is_answered AND c.wait <= rule),
           count(*) FILTER (WHERE CASE WHEN c.is_answered THEN c.wait IS NOT NULL ELSE c.is_over AND coalesce(c.wait >= short, true) END)
    FROM row AS r
    LEFT JOIN call AS c ON c.bucket = r.bucket AND c.business = r.business
    GROUP BY r.bucket, r.business_id, r.business
$$;

-- What a world is asked, the rows that only one of the two answers has, and those whose calls are not answered, abandoned or waiting.
CREATE FUNCTION pg_temp.differences(seed int)
RETURNS TABLE (asked text, listed bigint, differing bigint, unbalanced bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    unit text := pg_temp.pick('{hour,day,day,week,month,minute}'::text[], 'unit' || seed);
    zone text := pg_temp.pick('{UTC,Europe/Rome,Europe/Rome,America/New_York,Australia/Lord_Howe,Asia/Kathmandu}'::text[], 'zone' || seed);
    since timestamptz := '2026-03-27 20:00Z'::timestamptz
        + pg_temp.pick('{0,1 min,3 h,26 h 30 min,1 day 3 h,0.000001 s}'::interval[], 'since' || seed);
    until timestamptz := since + CASE WHEN unit = 'minute' THEN interval '2 h' ELSE interval '5 days' END;
    one text := pg_temp.pick('{NULL,NULL,NULL,a,é,nobody}'::text[], 'one' || seed);
    in_time interval := pg_temp.pick('{20 s,20 s,0,1 us,1 day}'::interval[], 'within' || seed);
    short interval := pg_temp.pick('{0,0,5 s,10 s,1 day}'::interval[], 'short' || seed);
    for_owner text := pg_temp.pick('{NULL,NULL,o1,o2,o3}'::text[], 'owner' || seed);
    for_template text := pg_temp.pick('{NULL,NULL,NULL,t1,t2}'::text[], 'template' || seed);
BEGIN
    asked := concat_ws(' ', unit, zone, since, until, one, in_time, short, for_owner, for_template);
    DROP TABLE IF EXISTS pg_temp.report, pg_temp.oracle;
    CREATE TEMP TABLE report AS
    SELECT * FROM mrcall.call_service(('1 ' || unit)::interval, since, until, zone, one, in_time, short, for_owner, for_template);
    CREATE TEMP TABLE oracle AS SELECT * FROM pg_temp.plain(unit, since, until, zone, one, in_time, short, for_owner, for_template);
    SELECT count(*), count(*) FILTER (WHERE r.offered <> r.answered + r.abandoned + r.waiting) INTO listed, unbalanced FROM report AS r;
    SELECT count(*) INTO differing
    FROM ((TABLE report EXCEPT ALL TABLE oracle) UNION ALL (TABLE oracle EXCEPT ALL TABLE report)) AS d;
    RETURN NEXT;
END
$$;
CREATE TEMP TABLE result (seed int, asked text, listed bigint, differing bigint, unbalanced bigint);
SELECT set_config('world.worlds', :'worlds', true) \g /dev/null
CREATE TEMP TABLE seen (kind text, offered bigint, answered bigint, abandoned bigint, waiting bigint, levels bigint, peak int);
DO $$
BEGIN
    FOR seed IN 1..current_setting('world.worlds')::int LOOP
        PERFORM pg_temp.build(seed);
        INSERT INTO pg_temp.result SELECT seed, d.* FROM pg_temp.differences(seed) AS d;
        INSERT INTO pg_temp.seen
        SELECT 'row', sum(r.offered), sum(r.answered), sum(r.abandoned), sum(r.waiting),
               count(*) FILTER (WHERE r.service_level > 0 AND r.service_level < 1), max(r.peak_waiting)
        FROM pg_temp.report AS r;
    END LOOP;
END
$$;
SELECT count(*) = :worlds AS all_worlds, count(*) FILTER (WHERE listed > 0) > :worlds / 3 AS many_with_rows,
       sum(listed) > :worlds * 8 AS many_rows, sum(differing) AS differences, sum(unbalanced) AS unbalanced
FROM result;
SELECT seed, asked, listed, differing FROM result WHERE differing > 0 ORDER BY seed LIMIT 5;
-- What there was to compare.
SELECT sum(answered) > :worlds AS answered, sum(abandoned) > :worlds AS abandoned, sum(waiting) > :worlds / 10 AS waiting,
       sum(levels) > :worlds / 8 AS levels, max(peak) > 3 AS peaks
FROM seen;

-- What the view shows of answers outside of their calls, and what doctor counts.
TRUNCATE world.call;
INSERT INTO world.call (business_id, call_id, started_at, ended_at, answered_at, direction, agent) VALUES
    ('a', '1 at the start', '2026-03-10 10:00Z', '2026-03-10 10:01Z', '2026-03-10 10:00Z', 'inbound', 'Ann'),
    ('a', '2 at the end', '2026-03-10 10:00Z', '2026-03-10 10:01Z', '2026-03-10 10:01Z', NULL, NULL),
    ('a', '3 before', '2026-03-10 10:00Z', '2026-03-10 10:01Z', '2026-03-10 09:59Z', '', 'Ann'),
    ('a', '4 behind', '2026-03-10 10:00Z', '2026-03-10 10:01Z', '2026-03-10 10:02Z', 'out', NULL),
    ('a', '5 runs', '2026-03-10 10:00Z', NULL, '2026-03-10 11:00Z', 'OUTBOUND-dial', NULL),
    ('a', '6 ends before', '2026-03-10 10:00Z', '2026-03-10 09:00Z', '2026-03-10 10:00Z', 'incoming', NULL);
SELECT call_id, answered_at AT TIME ZONE 'UTC' AS answered_at, direction, agent FROM mrcall.calls ORDER BY call_id;
SET LOCAL TimeZone = 'UTC';
SELECT severity, object, finding FROM mrcall.doctor() WHERE object ~ '^calls\.(answered_at|direction)' ORDER BY object;

-- Rows come in order of bucket and business, nobody's last; the same in a parallel plan.
SELECT pg_temp.build(36) \g /dev/null
CREATE TEMP TABLE listed AS
SELECT row_number() OVER () AS place, row_number() OVER (ORDER BY bucket, business_id COLLATE "C") AS sorted
FROM mrcall.call_service('6 hours', '2026-03-20', '2026-04-20');
SELECT count(*) > 10 AS has_rows, bool_and(place = sorted) AS in_order FROM listed;
INSERT INTO world.call (business_id, started_at, call_id, ended_at, answered, answered_at, direction)
SELECT 'b' || n % 70, timestamptz '2026-03-01Z' + n * interval '77 seconds', n, timestamptz '2026-03-01Z' + n * interval '78 seconds',
       n % 3 = 0, CASE WHEN n % 5 > 1 THEN timestamptz '2026-03-01Z' + n * interval '77.01 seconds' END,
       CASE WHEN n % 11 = 0 THEN 'outbound' END
FROM generate_series(1, 30000) AS n;
ANALYZE world.call;
ANALYZE mrcall.session_archive;
CREATE TEMP TABLE alone AS SELECT * FROM mrcall.call_service('1 day', '2026-03-10', '2026-04-20', 'Europe/Rome');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF)
SELECT mrcall_internal.offered_set(business_id, started_at, ended_at, answered_at, answered, direction, '2026-03-10') FROM mrcall.calls;
CREATE TEMP TABLE together AS SELECT * FROM mrcall.call_service('1 day', '2026-03-10', '2026-04-20', 'Europe/Rome');
SELECT (SELECT count(*) FROM alone) > 1000 AS has_rows, count(*) AS differences
FROM ((TABLE alone EXCEPT ALL TABLE together) UNION ALL (TABLE together EXCEPT ALL TABLE alone)) AS d;

-- Days of the zone, and an origin.
SELECT count(*) AS differences
FROM ((SELECT * FROM mrcall.call_service('1 day', date '2026-03-10', date '2026-04-20', 'Europe/Rome') EXCEPT ALL
       SELECT * FROM mrcall.call_service('1 day', '2026-03-10 Europe/Rome', '2026-04-20 Europe/Rome', 'Europe/Rome')) UNION ALL
      (SELECT * FROM mrcall.call_service('1 day', '2026-03-10 Europe/Rome', '2026-04-20 Europe/Rome', 'Europe/Rome') EXCEPT ALL
       SELECT * FROM mrcall.call_service('1 day', date '2026-03-10', date '2026-04-20', 'Europe/Rome'))) AS d;
SELECT DISTINCT extract(isodow FROM local) AS sunday
FROM mrcall.call_service('1 week', date '2026-03-10', date '2026-04-20', 'Europe/Rome', origin => '2026-03-01');

-- Bytes that no set wrote, and a set for another range.
SELECT * FROM mrcall_internal.offered_set_rows('', '1 day', '2026-03-01', '2026-03-02', 'UTC', NULL, NULL, '20 s', '0');
SELECT * FROM mrcall_internal.offered_set_rows('\x4b01', '1 day', '2026-03-01', '2026-03-02', 'UTC', NULL, NULL, '20 s', '0');
SELECT count(*) FROM mrcall_internal.offered_set_rows(
    (SELECT mrcall_internal.offered_set('b', now(), NULL, NULL, NULL, NULL, '2026-03-01')), '1 day', '2026-03-02', '2026-03-03',
        'UTC', NULL, NULL, '20 s', '0');
-- An instant that is infinite.
INSERT INTO world.call (business_id, call_id, started_at, answered_at) VALUES ('a', 'endless', '2026-03-10 10:00Z', 'infinity');
SELECT count(*) FROM mrcall.call_service('1 day', '2026-03-10', '2026-04-20', 'UTC', 'a');
DELETE FROM world.call WHERE call_id = 'endless';
-- Limits.
SELECT count(*) FROM mrcall.call_service('1 second', '2026-01-01', '2026-06-01', owner => 'o1');
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT count(*) FROM mrcall.call_service('1 day', '2026-03-10', '2026-04-20');
