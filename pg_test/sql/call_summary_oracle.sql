-- mrcall.call_summary against plain SQL: date_trunc in the zone, percentiles by interpolation in a sorted array, the
-- peak by
-- counting at every start the calls that run.
\pset footer off

CREATE TEMP TABLE asked (nr serial, unit text, zone text, since timestamptz, until timestamptz, business_id text) ON
    COMMIT DROP;
INSERT INTO asked (unit, zone, since, until, business_id)
SELECT u.unit, z.zone, '2026-03-02 05:17:01.5Z', '2026-04-17 03:45Z', NULL
FROM unnest('{day,week,month}'::text[]) AS u (unit),
    unnest('{UTC,Europe/Rome,America/New_York,Australia/Lord_Howe}'::text[]) AS z (zone);
INSERT INTO asked (unit, zone, since, until, business_id)
SELECT r.unit, r.zone, r.since::timestamptz, r.until::timestamptz, b.business_id
FROM (SELECT max(c.business_id COLLATE "C") AS business_id
      FROM (SELECT c.business_id, rank() OVER (ORDER BY count(*) DESC) AS place FROM mrcall.calls AS c GROUP BY 1) AS c
      WHERE c.place = 1
      UNION ALL VALUES ('W-business-calls'), ('no such business')) AS b
CROSS JOIN (VALUES ('hour', 'UTC', '2026-03-10 09:11Z', '2026-03-11 05:00Z'), ('hour', 'Europe/Rome',
    '2026-03-28 20:00Z', '2026-03-29 12:00Z'),
                   ('day', 'Asia/Kathmandu', '2026-03-01Z', '2026-04-01Z'), ('month', 'America/New_York', '2026-02-01Z',
                       '2026-06-01Z'))
    AS r (unit, zone, since, until);
-- Values that do not parse, and a caller who called before the range.
INSERT INTO public.sessions (id, business_id, start_timestamp, data) VALUES
    ('T-call-1', 'W-business-calls', '2026-03-15 10:00Z',
        '{"end_timestamp": "yesterday", "answered": "perhaps", "outcome": 7}'),
    ('T-call-2', 'W-business-calls', '2026-02-15 10:00Z', '{"caller": "+7"}'),
    ('T-call-3', NULL, '2026-03-15 10:00Z',
        '{"caller": "+7", "end_timestamp": "2026-03-15T10:01:00Z", "answered": true}');

CREATE TEMP TABLE call ON COMMIT DROP AS
SELECT c.call_id, coalesce(c.business_id, '-') AS business_id, c.started_at, CASE WHEN c.ended_at > c.started_at THEN
    c.ended_at END AS ended_at,
       c.answered, c.outcome, c.caller
FROM mrcall.calls AS c;
CREATE INDEX ON call (business_id, started_at);
ANALYZE call;

CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH counted AS (
    SELECT a.nr, c.*, date_trunc(a.unit, c.started_at AT TIME ZONE a.zone) AT TIME ZONE a.zone AS bucket
    FROM asked AS a
    JOIN call AS c ON c.started_at >= a.since AND c.started_at < a.until AND c.business_id = coalesce(a.business_id,
        c.business_id)
),
row AS (
    SELECT a.nr, g.wall AT TIME ZONE a.zone AS bucket, a.business_id
    FROM asked AS a
    CROSS JOIN LATERAL generate_series(date_trunc(a.unit, a.since AT TIME ZONE a.zone), (a.until - interval '1 us') AT
        TIME ZONE a.zone,
                                       ('1 ' || a.unit)::interval) AS g (wall)
    WHERE a.business_id IS NOT NULL AND (g.wall AT TIME ZONE a.zone) AT TIME ZONE a.zone = g.wall
    UNION
    SELECT c.nr, c.bucket, c.business_id FROM counted AS c JOIN asked AS a ON a.nr = c.nr AND a.business_id IS NULL
),
-- Seconds of every call that ended, sorted.
figure AS (
    SELECT c.nr, c.bucket, c.business_id, count(*) AS calls, sum(c.answered::int) AS answered,
        sum((NOT c.answered)::int) AS missed,
           count(DISTINCT c.caller) AS callers, sum(c.ended_at - c.started_at) AS total,
           array_agg(extract(epoch FROM c.ended_at - c.started_at) ORDER BY c.ended_at - c.started_at)
               FILTER (WHERE c.ended_at IS NOT NULL) AS seconds
    FROM counted AS c
    GROUP BY 1, 2, 3
),
outcome AS (
    SELECT o.nr, o.bucket, o.business_id, jsonb_object_agg(o.outcome, o.calls) AS outcomes
    FROM (SELECT c.nr, c.bucket, c.business_id, coalesce(c.outcome, '(not set)') AS outcome, count(*) AS calls
        FROM counted AS c
          GROUP BY 1, 2, 3, 4) AS o
    GROUP BY 1, 2, 3
),
new_caller AS (
    SELECT c.nr, c.bucket, c.business_id, count(DISTINCT c.caller) AS new_callers
    FROM counted AS c
    WHERE NOT EXISTS (SELECT FROM call AS p WHERE p.business_id = c.business_id AND p.caller = c.caller
        AND p.started_at < c.started_at)
    GROUP BY 1, 2, 3
),
-- The count of running calls is highest at the start of one, or at the begin of what the bucket shows.
moment AS (
    SELECT c.nr, c.bucket, c.business_id, c.started_at AS at FROM counted AS c WHERE c.ended_at IS NOT NULL
    UNION
    SELECT r.nr, r.bucket, r.business_id, greatest(r.bucket, a.since) FROM row AS r JOIN asked AS a ON a.nr = r.nr
),
peak AS (
    SELECT m.nr, m.bucket, m.business_id, max(n.calls) AS calls
    FROM moment AS m
    JOIN asked AS a ON a.nr = m.nr
    CROSS JOIN LATERAL (SELECT count(*) AS calls FROM call AS c
                        WHERE c.business_id = m.business_id AND c.started_at <= m.at AND c.ended_at > m.at
                          AND c.started_at >= a.since - interval '24 hours') AS n
    GROUP BY 1, 2, 3
)
SELECT r.nr, r.bucket, r.business_id, coalesce(f.calls, 0) AS calls, coalesce(f.answered, 0) AS answered,
    coalesce(f.missed, 0) AS missed,
       coalesce(f.callers, 0) AS callers, coalesce(n.new_callers, 0) AS new_callers, coalesce(f.total,
           '0') AS total_duration,
       extract(epoch FROM f.total) / cardinality(f.seconds) AS mean, p.p50, p.p95, coalesce(k.calls,
           0) AS peak_concurrency,
       coalesce(o.outcomes, '{}') AS outcomes
FROM row AS r
LEFT JOIN figure AS f USING (nr, bucket, business_id)
LEFT JOIN outcome AS o USING (nr, bucket, business_id)
LEFT JOIN new_caller AS n USING (nr, bucket, business_id)
LEFT JOIN peak AS k USING (nr, bucket, business_id)
LEFT JOIN LATERAL (
    SELECT max(q.value) FILTER (WHERE q.fraction = 0.5) AS p50, max(q.value) FILTER (WHERE q.fraction = 0.95) AS p95
    FROM (SELECT x.fraction, f.seconds[1 + floor(x.place)::int] + (x.place - floor(x.place))
                     * (f.seconds[1 + ceil(x.place)::int] - f.seconds[1 + floor(x.place)::int]) AS value
          FROM (SELECT t.fraction, t.fraction * (cardinality(f.seconds) - 1) AS place FROM (VALUES (0.5), (0.95))
              AS t (fraction)) AS x) AS q
) AS p ON true;

CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.call_summary(('1 ' || a.unit)::interval, a.since, a.until, a.zone, a.business_id) AS r;

-- Interpolated durations and means to the microsecond that an interval can hold; everything else exactly.
SELECT a.unit, a.zone, CASE WHEN a.business_id IS NULL THEN 'all' WHEN a.business_id ~ '^(W-|no )' THEN a.business_id
    ELSE 'the busiest' END
           AS business,
       count(*) FILTER (WHERE o.calls > 0) > 0 AS compared,
       count(*) FILTER (WHERE (o.calls, o.answered, o.missed, o.callers, o.new_callers, o.total_duration,
           o.peak_concurrency, o.outcomes)
                                  IS DISTINCT FROM (r.calls, r.answered, r.missed, r.callers, r.new_callers,
                                      r.total_duration,
                                                    r.peak_concurrency, r.outcomes)) AS differences,
       count(*) FILTER (WHERE coalesce(abs(o.mean - extract(epoch FROM r.mean_duration)) > 0.000002,
           (o.mean IS NULL) <> (r.mean_duration IS NULL))
                            OR coalesce(abs(o.p50 - extract(epoch FROM r.p50_duration)) > 0.000002,
                                (o.p50 IS NULL) <> (r.p50_duration IS NULL))
                            OR coalesce(abs(o.p95 - extract(epoch FROM r.p95_duration)) > 0.000002,
                                (o.p95 IS NULL) <> (r.p95_duration IS NULL)))
           AS durations_differ
FROM asked AS a
LEFT JOIN (oracle_row AS o FULL JOIN (SELECT coalesce(business_id, '-') AS business_id, nr, bucket, calls, answered,
    missed, callers, new_callers,
                                             total_duration, mean_duration, p50_duration, p95_duration,
                                                 peak_concurrency, outcomes
                                      FROM report_row) AS r
           ON (o.nr, o.bucket, o.business_id) = (r.nr, r.bucket, r.business_id)) ON coalesce(o.nr, r.nr) = a.nr
GROUP BY a.nr, a.unit, a.zone, a.business_id
ORDER BY a.nr;

-- What there was to compare.
SELECT max(o.peak_concurrency) > 1 AS overlaps, bool_or(o.new_callers < o.callers) AS old_callers,
    bool_or(o.calls > o.answered + o.missed) AS unknown,
       max(cardinality(array(SELECT jsonb_object_keys(o.outcomes)))) > 3 AS many_outcomes
FROM oracle_row AS o;

-- The business at the edges, to be read; then calls longer than mrcall.longest_call.
SELECT to_char(s.bucket AT TIME ZONE 'Europe/Rome', 'MM-DD') AS day, s.calls, s.answered, s.missed, s.callers,
    s.new_callers AS new,
       s.total_duration AS total, s.mean_duration AS mean, s.p50_duration AS p50, s.p95_duration AS p95,
           s.peak_concurrency AS peak, s.outcomes
FROM mrcall.call_summary('1 day', '2026-03-09 23:00Z', '2026-03-30Z', 'Europe/Rome', 'W-business-calls') AS s
WHERE s.calls > 0 OR s.peak_concurrency > 0;
SET LOCAL mrcall.longest_call = '1h';
SELECT to_char(s.bucket AT TIME ZONE 'UTC', 'MM-DD HH24:MI') AS hour, s.calls, s.peak_concurrency
FROM mrcall.call_summary('1 hour', '2026-03-29 10:00Z', '2026-03-29 12:00Z', 'UTC', 'W-business-calls') AS s;
SET LOCAL mrcall.longest_call = '24h';
SELECT to_char(s.bucket AT TIME ZONE 'UTC', 'MM-DD HH24:MI') AS hour, s.calls, s.peak_concurrency
FROM mrcall.call_summary('1 hour', '2026-03-29 10:00Z', '2026-03-29 12:00Z', 'UTC', 'W-business-calls') AS s;
