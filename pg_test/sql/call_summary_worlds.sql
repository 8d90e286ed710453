-- mrcall.call_summary against plain SQL in many small worlds of calls that touch, nest, run on, last a week, have no length,
-- end before they begin or belong to nobody, around changes of the clock. A difference names its seed; to see that world
-- alone, call pg_temp.build(seed) and pg_temp.differences(seed).
\pset footer off
-- Businesses and owners that nobody knows are asked for, too: hundreds of warnings.
SET LOCAL client_min_messages = error;
CREATE SCHEMA world;
CREATE TABLE world.call (LIKE mrcall.session_archive);
ALTER TABLE world.call ALTER business_id DROP NOT NULL;
CREATE TABLE world.business (business_id text, owner text, template text);
SELECT mrcall.attach('{"calls": {"table": "world.call", "columns": {"call_id": "call_id", "started_at": "started_at",
    "ended_at": "ended_at", "outcome": "outcome", "answered": "answered", "caller": "caller", "medium": null, "language": null,
    "last_state": null, "state_variables": null, "data": null}},
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
    INSERT INTO world.call (business_id, started_at, call_id, ended_at, outcome, answered, caller)
    SELECT pg_temp.pick('{a,a,b,B,é,NULL}'::text[], k.key || 'business'), s.at, k.key,
           s.at + pg_temp.pick('{1 min,1 min,5 min,30 min,3 h,23 h,25 h,7 days,0,-1 min,1 us,NULL}'::interval[], k.key || 'length'),
           pg_temp.pick('{done,done,missed,"",(not set),"a \" quote",NULL}'::text[], k.key || 'outcome'),
           pg_temp.pick('{true,true,false,NULL}'::boolean[], k.key || 'answered'),
           pg_temp.pick('{+1,+1,+2,+3,"a caller of more than fifteen bytes","",NULL}'::text[], k.key || 'caller')
    FROM generate_series(1, 1 + seed % 29) AS n
    CROSS JOIN LATERAL (VALUES (format('%s call %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (
        SELECT timestamptz '2026-03-27 20:00Z' + (hashtextextended(k.key, 1) & 1073741823) % 12
                   * pg_temp.pick('{1 min,5 min,30 min,6 h,1 day}'::interval[], k.key)
                   + pg_temp.pick('{0,0,0,0.000001 s,-0.000001 s}'::interval[], 'tick ' || k.key) AS at) AS s
    ORDER BY hashtext(k.key);
    INSERT INTO world.business VALUES ('a', 'o1', 't1'), ('b', 'o1', 't2'), ('B', 'o2', 't1'), ('none', 'o2', 't1'), (NULL, 'o1', 't1');
END
$$;

CREATE FUNCTION pg_temp.plain(unit text, since timestamptz, until timestamptz, zone text, one text, for_owner text, for_template text)
RETURNS TABLE (
    bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint, new_callers bigint,
    total interval, mean interval, p50 interval, p95 interval, peak int, outcomes jsonb,
    local timestamp)
LANGUAGE sql
AS $$
    WITH call AS (
        SELECT coalesce(c.business_id, '-') AS business, c.business_id, c.started_at, c.outcome, c.answered, nullif(c.caller, '') AS caller,
               CASE WHEN c.ended_at > c.started_at THEN c.ended_at END AS ended_at,
               -- In hours alone: the server rounds a fraction of days and one of hours each on its own.
               CASE WHEN c.ended_at > c.started_at
                    THEN make_interval(secs => extract(epoch FROM c.ended_at - c.started_at)::float8) END AS length,
               b.bucket
        FROM mrcall.calls AS c
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
    SELECT r.bucket, r.business_id, count(c.business), count(*) FILTER (WHERE c.answered), count(*) FILTER (WHERE NOT c.answered),
           count(DISTINCT c.caller),
           count(DISTINCT c.caller) FILTER (WHERE NOT EXISTS (
               SELECT FROM call AS e WHERE e.business = c.business AND e.caller = c.caller AND e.started_at < greatest(c.bucket, since))),
           coalesce(sum(c.length), '0'), avg(c.length), percentile_cont(0.5) WITHIN GROUP (ORDER BY c.length),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY c.length),
           (SELECT coalesce(max(m.running), 0)::int
            FROM (SELECT (SELECT count(*) FROM call AS o
                          WHERE o.business = r.business AND o.started_at <= i.at AND o.ended_at > i.at
                            AND o.started_at >= since - interval '24 hours') AS running
                  FROM (SELECT greatest(r.bucket, since) AS at
                        UNION SELECT s.started_at FROM call AS s WHERE s.bucket = r.bucket AND s.business = r.business) AS i) AS m),
           (SELECT coalesce(jsonb_object_agg(o.outcome, o.calls), '{}')
            FROM (SELECT coalesce(x.outcome, '(not set)') AS outcome, count(*) AS calls FROM call AS x
                  WHERE x.bucket = r.bucket AND x.business = r.business GROUP BY 1) AS o),
           r.bucket AT TIME ZONE zone
    FROM row AS r
    LEFT JOIN call AS c ON c.bucket = r.bucket AND c.business = r.business
    GROUP BY r.bucket, r.business_id, r.business
$$;

-- What a world is asked, and the rows that only one of the two answers has.
CREATE FUNCTION pg_temp.differences(seed int)
RETURNS TABLE (asked text, listed bigint, differing bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    unit text := pg_temp.pick('{hour,day,day,week,month,minute}'::text[], 'unit' || seed);
    zone text := pg_temp.pick('{UTC,Europe/Rome,Europe/Rome,America/New_York,Australia/Lord_Howe,Asia/Kathmandu}'::text[], 'zone' || seed);
    since timestamptz := '2026-03-27 22:00Z'::timestamptz
        + pg_temp.pick('{0,1 h,26 h 30 min,1 day 3 h,0.000001 s}'::interval[], 'since' || seed);
    until timestamptz := since + CASE WHEN unit = 'minute' THEN interval '2 h' ELSE interval '5 days' END;
    one text := pg_temp.pick('{NULL,NULL,NULL,a,é,nobody}'::text[], 'one' || seed);
    for_owner text := pg_temp.pick('{NULL,NULL,o1,o2,o3}'::text[], 'owner' || seed);
    for_template text := pg_temp.pick('{NULL,NULL,NULL,t1,t2}'::text[], 'template' || seed);
BEGIN
    asked := concat_ws(' ', unit, zone, since, until, one, for_owner, for_template);
    DROP TABLE IF EXISTS pg_temp.report, pg_temp.oracle;
    CREATE TEMP TABLE report AS
    SELECT * FROM mrcall.call_summary(('1 ' || unit)::interval, since, until, zone, one, for_owner, for_template);
    CREATE TEMP TABLE oracle AS SELECT * FROM pg_temp.plain(unit, since, until, zone, one, for_owner, for_template);
    SELECT count(*) INTO listed FROM report;
    SELECT count(*) INTO differing
    FROM ((TABLE report EXCEPT ALL TABLE oracle) UNION ALL (TABLE oracle EXCEPT ALL TABLE report)) AS d;
    RETURN NEXT;
END
$$;
CREATE TEMP TABLE result (seed int, asked text, listed bigint, differing bigint);
DO $$
BEGIN
    FOR seed IN 1..600 LOOP
        PERFORM pg_temp.build(seed);
        INSERT INTO pg_temp.result SELECT seed, d.* FROM pg_temp.differences(seed) AS d;
    END LOOP;
END
$$;
SELECT count(*) AS worlds, count(*) FILTER (WHERE listed > 0) > 200 AS many_with_rows, sum(listed) > 5000 AS many_rows,
       sum(differing) AS differences
FROM result;
SELECT seed, asked, listed, differing FROM result WHERE differing > 0 ORDER BY seed LIMIT 5;

-- Rows come in order of bucket and business, nobody's last; the same in a parallel plan.
SELECT pg_temp.build(28) \g /dev/null
CREATE TEMP TABLE listed AS
SELECT row_number() OVER () AS place, row_number() OVER (ORDER BY bucket, business_id COLLATE "C") AS sorted
FROM mrcall.call_summary('6 hours', '2026-03-20', '2026-04-20');
SELECT count(*) > 10 AS has_rows, bool_and(place = sorted) AS in_order FROM listed;
INSERT INTO world.call (business_id, started_at, call_id, ended_at, outcome, answered, caller)
SELECT 'b' || n % 70, timestamptz '2026-03-01Z' + n * interval '77 seconds', n, timestamptz '2026-03-01Z' + n * interval '78 seconds',
       'o' || n % 7, n % 3 = 0, n % 1000
FROM generate_series(1, 30000) AS n;
ANALYZE world.call;
ANALYZE mrcall.session_archive;
CREATE TEMP TABLE alone AS SELECT * FROM mrcall.call_summary('1 day', '2026-03-10', '2026-04-20', 'Europe/Rome');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF)
SELECT mrcall_internal.call_set(business_id, started_at, ended_at, outcome, answered, caller, '2026-03-10', NULL) FROM mrcall.calls;
CREATE TEMP TABLE together AS SELECT * FROM mrcall.call_summary('1 day', '2026-03-10', '2026-04-20', 'Europe/Rome');
SELECT (SELECT count(*) FROM alone) > 1000 AS has_rows, count(*) AS differences
FROM ((TABLE alone EXCEPT ALL TABLE together) UNION ALL (TABLE together EXCEPT ALL TABLE alone)) AS d;

-- A caller whose earlier calls retention deleted is not new to that business; a later deleted call changes nothing.
CREATE TEMP TABLE newcomers AS
SELECT business_id, sum(new_callers) AS callers FROM mrcall.call_summary('1 day', '2026-02-01', '2026-04-20') GROUP BY 1;
INSERT INTO mrcall_internal.caller_key (key) VALUES ('\x0102') ON CONFLICT DO NOTHING;
INSERT INTO mrcall_internal.first_contact
SELECT d.business_id, mrcall_internal.caller_hash(k.key, d.business_id, d.caller), d.at::timestamptz
FROM mrcall_internal.caller_key AS k,
    (VALUES ('b1', '1', '2026-01-01'), ('b2', '2', '2026-04-19'), ('b3', 'never', '2026-01-01')) AS d (business_id, caller, at);
SELECT n.business_id, n.callers - s.callers AS known
FROM newcomers AS n
JOIN (SELECT business_id, sum(new_callers) AS callers FROM mrcall.call_summary('1 day', '2026-02-01', '2026-04-20') GROUP BY 1) AS s
    USING (business_id)
WHERE n.callers <> s.callers;

-- Bytes that no set wrote, and a set for another range.
SELECT * FROM mrcall_internal.call_set_rows('', '1 day', '2026-03-01', '2026-03-02', 'UTC', NULL);
SELECT * FROM mrcall_internal.call_set_rows('\x4b01', '1 day', '2026-03-01', '2026-03-02', 'UTC', NULL);
SELECT * FROM mrcall_internal.call_set_rows('\x4b01000103010203', '1 day', '2000-01-01 00:00+00', '2000-01-02', 'UTC', NULL);
SELECT count(*) FROM mrcall_internal.call_set_rows(
    (SELECT mrcall_internal.call_set('b', now(), NULL, NULL, NULL, NULL, '2026-03-01', NULL)), '1 day', '2026-03-02', '2026-03-03',
        'UTC', NULL);
-- Limits.
SELECT count(*) FROM mrcall.call_summary('1 second', '2026-01-01', '2026-06-01', owner => 'o1');
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT count(*) FROM mrcall.call_summary('1 day', '2026-03-01', '2026-04-20');
