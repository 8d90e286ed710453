-- The options of a funnel's steps against every chain of events that there is, on random events of few visitors.
\pset footer off
\set seed 141421
\set worlds 40
\getenv soak SOAK
\if :{?soak}
\set worlds 2000
\endif
\echo seed :seed
SELECT set_config('test.seed', :'seed', false) \g /dev/null
CREATE FUNCTION pg_temp.roll(key text, sides int)
RETURNS int
LANGUAGE sql
AS $$ SELECT (abs(hashtextextended(key, current_setting('test.seed')::bigint)) % sides)::int $$;

-- Worlds of 8 visitors with up to 9 events each, on a grid of 10 minutes: many at one instant.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, properties)
SELECT format('O-%s-%s-%s', w, g, n), format('O-%s-%s', w, g),
       timestamptz '2034-01-01Z' + w * interval '10 days' + pg_temp.roll(format('t%s-%s-%s', w, g, n), 14) * interval '10 minutes',
       (ARRAY['a', 'b', 'c', 'd', 'x', 'page_view'])[1 + pg_temp.roll(format('e%s-%s-%s', w, g, n), 6)],
       'https://mrcall.ai/' || (ARRAY['', 'p', 'q'])[1 + pg_temp.roll(format('p%s-%s-%s', w, g, n), 3)],
       (ARRAY['{}', '{"k": 1}', '{"k": 1.0}', '{"k": "1"}', '{"k": null}', '{"k": [1]}', '{"k": true, "l": "x"}', '{"k": 1, "l": "x"}'])
           [1 + pg_temp.roll(format('k%s-%s-%s', w, g, n), 8)]::jsonb
FROM generate_series(1, :worlds) AS w
CROSS JOIN generate_series(1, 8) AS g
CROSS JOIN LATERAL generate_series(1, 1 + pg_temp.roll(format('n%s-%s', w, g), 9)) AS n;
ANALYZE public.website_events;

CREATE TEMP TABLE asked AS
SELECT w AS nr, o.ordering, timestamptz '2034-01-01Z' + w * interval '10 days' AS since,
       timestamptz '2034-01-01Z' + w * interval '10 days'
           + (ARRAY['70 minutes', '1 day'])[1 + pg_temp.roll('u' || w, 2)]::interval AS until,
       (ARRAY['20 minutes', '60 minutes', '1 day', '0'])[1 + pg_temp.roll('w' || w, 4)]::interval AS within,
       (ARRAY[NULL, NULL, '{}', '{k}', '{k,l}'])[1 + pg_temp.roll('h' || w, 5)]::text[] AS hold,
       (SELECT jsonb_agg(jsonb_build_object('step', n::text) || (ARRAY['{}', '{"event": "a"}', '{"event": ["a", "b"]}', '{"event": "c"}',
                   '{"event": ["b", "c", "d"]}', '{"page": "/p"}', '{"event": ["a", "d"], "page": "/_"}'])
                   [1 + pg_temp.roll(format('s%s-%s', w, n), 7)]::jsonb
               || CASE WHEN n = 1 OR o.ordering = 'any' THEN '{}'::jsonb ELSE
                   (ARRAY['{}', '{}', '{"optional": true}'])[1 + pg_temp.roll(format('o%s-%s', w, n), 3)]::jsonb
                   || (ARRAY['{}', '{}', '{"exclude": {"event": "x"}}', '{"exclude": {"event": ["x", "d"], "page": "/q"}}'])
                       [1 + pg_temp.roll(format('x%s-%s', w, n), 4)]::jsonb
                   || (ARRAY['{}', '{}', '{"min": "10 minutes"}', '{"max": "20 minutes"}', '{"min": "10 minutes", "max": "30 minutes"}',
                       '{"max": "0"}'])[1 + pg_temp.roll(format('m%s-%s', w, n), 6)]::jsonb END
               ORDER BY n)
        FROM generate_series(1, 1 + pg_temp.roll('c' || w, 4)) AS n) AS steps
FROM generate_series(1, :worlds) AS w
CROSS JOIN (VALUES ('ordered'), ('strict'), ('any')) AS o (ordering);

CREATE TEMP TABLE step AS
SELECT a.nr, a.ordering, s.value AS spec, s.ordinality::int AS no, coalesce((s.value ->> 'optional')::boolean, false) AS optional,
       coalesce((s.value ->> 'min')::interval, '0') AS min, coalesce((s.value ->> 'max')::interval, '100 years') AS max
FROM asked AS a CROSS JOIN LATERAL jsonb_array_elements(a.steps) WITH ORDINALITY AS s;

CREATE FUNCTION pg_temp.meets(e mrcall.events, spec jsonb)
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT coalesce(CASE jsonb_typeof(spec -> 'event') WHEN 'array' THEN spec -> 'event' ? e.event_type
                         WHEN 'string' THEN spec ->> 'event' = e.event_type
                         ELSE NOT spec ? 'page' OR e.event_type IN ('page_view', 'pageview') END
                    AND (NOT spec ? 'page' OR e.page_path LIKE spec ->> 'page'), false)
$$;
-- jsonb tells which values are the same; a value that is missing, null or no scalar is the same as none.
CREATE TEMP TABLE hit AS
SELECT a.nr, a.ordering, e.visitor_id, e.event_id, e.occurred_at AS at, h.held,
       ARRAY(SELECT s.no FROM step AS s WHERE (s.nr, s.ordering) = (a.nr, a.ordering) AND h.held IS NOT NULL
                 AND pg_temp.meets(e, s.spec) AND (s.no > 1 OR a.ordering = 'any' OR e.occurred_at < a.until)) AS steps,
       ARRAY(SELECT s.no FROM step AS s WHERE (s.nr, s.ordering) = (a.nr, a.ordering) AND h.held IS NOT NULL
                 AND s.spec ? 'exclude' AND pg_temp.meets(e, s.spec -> 'exclude')) AS excludes,
       e.occurred_at >= a.until AND EXISTS (SELECT FROM step AS s WHERE (s.nr, s.ordering, s.no) = (a.nr, a.ordering, 1)
           AND pg_temp.meets(e, s.spec)) AND NOT EXISTS (SELECT FROM step AS s WHERE (s.nr, s.ordering) = (a.nr, a.ordering) AND s.no > 1
           AND pg_temp.meets(e, s.spec)) AS is_late
FROM asked AS a
JOIN mrcall.events AS e ON e.visitor_id LIKE 'O-%' AND e.occurred_at >= a.since AND e.occurred_at < a.until + a.within
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT EXISTS (SELECT FROM unnest(a.hold) AS k (key)
                                 WHERE jsonb_typeof(e.properties -> k.key) IN ('object', 'array', 'null') OR NOT e.properties ? k.key)
                THEN (SELECT coalesce(jsonb_agg(e.properties -> k.key ORDER BY k.nr), '[]')
                      FROM unnest(a.hold) WITH ORDINALITY AS k (key, nr)) END AS held) AS h;
DELETE FROM hit WHERE is_late AND ordering = 'strict';
CREATE INDEX ON hit (nr, ordering, visitor_id);
ANALYZE hit, step, asked;

-- Every chain, a missing step as NULL; with any order every set of events with a step for each.
CREATE TEMP TABLE chain AS
WITH RECURSIVE chain AS (
    SELECT h.nr, h.ordering, h.visitor_id, h.held, ARRAY[h.event_id] AS used, ARRAY[h.at] AS times, h.at AS last, s.no AS last_no,
           ARRAY[s.no] AS filled
    FROM hit AS h JOIN asked AS a ON (a.nr, a.ordering) = (h.nr, h.ordering)
    CROSS JOIN LATERAL unnest(h.steps) AS s (no)
    WHERE (s.no = 1 OR h.ordering = 'any') AND h.at < a.until
    UNION
    SELECT c.nr, c.ordering, c.visitor_id, c.held, c.used || h.event_id,
           CASE c.ordering WHEN 'any' THEN c.times ELSE c.times || array_fill(NULL::timestamptz, ARRAY[s.no - c.last_no - 1]) END || h.at,
           h.at, s.no, c.filled || s.no
    FROM chain AS c
    JOIN asked AS a ON (a.nr, a.ordering) = (c.nr, c.ordering)
    JOIN hit AS h ON (h.nr, h.ordering, h.visitor_id) = (c.nr, c.ordering, c.visitor_id) AND h.held = c.held
        AND h.at >= c.last AND h.at <= c.times[1] + a.within AND h.event_id <> ALL (c.used)
    JOIN step AS s ON (s.nr, s.ordering) = (c.nr, c.ordering) AND s.no = ANY (h.steps)
    WHERE CASE c.ordering
        WHEN 'any' THEN s.no <> ALL (c.filled)
        ELSE s.no > c.last_no AND h.at - c.last BETWEEN s.min AND s.max
            AND NOT EXISTS (SELECT FROM step AS b WHERE (b.nr, b.ordering) = (c.nr, c.ordering)
                            AND b.no > c.last_no AND b.no < s.no AND NOT b.optional)
            AND CASE c.ordering
                WHEN 'ordered' THEN NOT EXISTS (SELECT FROM hit AS x
                    WHERE (x.nr, x.ordering, x.visitor_id) = (c.nr, c.ordering, c.visitor_id) AND x.held = c.held
                      AND s.no = ANY (x.excludes) AND x.at > c.last AND x.at < h.at)
                -- Between neighbours there is nothing, in one order at least of the events of an instant.
                ELSE NOT EXISTS (SELECT FROM hit AS x
                    WHERE (x.nr, x.ordering, x.visitor_id) = (c.nr, c.ordering, c.visitor_id)
                      AND x.at > c.times[1] AND x.at < h.at AND x.event_id <> ALL (c.used)) END END
)
SELECT * FROM chain;
CREATE TEMP TABLE best AS
SELECT DISTINCT ON (c.nr, c.ordering, c.visitor_id) c.nr, c.ordering, c.visitor_id, c.times, c.filled
FROM chain AS c
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE NOT s.optional) AS required, count(*) FILTER (WHERE s.optional) AS optional
                    FROM step AS s WHERE (s.nr, s.ordering) = (c.nr, c.ordering) AND s.no = ANY (c.filled)) AS n
ORDER BY c.nr, c.ordering, c.visitor_id, n.required DESC, n.optional DESC, c.times;

-- Rates refer to the last required step before; in any order to one step fewer.
CREATE TEMP TABLE expected AS
SELECT s.nr, s.ordering, s.no AS step_no, s.spec ->> 'step' AS step, n.now AS visitors, round(n.now / nullif(n.first, 0)::numeric, 6)
    AS conversion,
       round(n.now / nullif(n.before, 0)::numeric, 6) AS step_conversion, n.before - n.now AS drop_off,
       round(extract(epoch FROM n.median), 6) AS median_time, round(extract(epoch FROM n.total), 6) AS median_total_time
FROM step AS s
CROSS JOIN LATERAL (SELECT CASE s.ordering WHEN 'any' THEN nullif(s.no - 1, 0) ELSE (SELECT max(b.no) FROM step AS b
    WHERE (b.nr, b.ordering) = (s.nr, s.ordering) AND b.no < s.no AND NOT b.optional) END AS no) AS b
CROSS JOIN LATERAL (
    SELECT count(c.times[s.no]) AS now, CASE WHEN s.no > 1 THEN count(c.times[b.no]) END AS before, count(c.times[1]) AS first,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY c.times[s.no] - c.times[b.no]) AS median,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY c.times[s.no] - c.times[1]) AS total
    FROM best AS c WHERE (c.nr, c.ordering) = (s.nr, s.ordering)) AS n;
CREATE TEMP TABLE counted AS
SELECT a.nr, a.ordering, r.step_no, r.step, r.visitors, r.conversion, r.step_conversion, r.drop_off,
       round(extract(epoch FROM r.median_time), 6) AS median_time,
       round(extract(epoch FROM r.median_total_time), 6) AS median_total_time
FROM asked AS a
CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, ordering => a.ordering, hold => a.hold) AS r
-- Without any option the funnel is that of the modes, which funnel_oracle looks at.
WHERE a.ordering <> 'ordered' OR a.hold <> '{}'
   OR a.steps @? '$[*] ? (exists(@.optional) || exists(@.exclude) || exists(@.min) || exists(@.max))';
DELETE FROM expected AS e WHERE NOT EXISTS (SELECT FROM counted AS c WHERE (c.nr, c.ordering) = (e.nr, e.ordering));
SELECT e.ordering, count(*) > 50 AS compared, count(*) FILTER (WHERE e.visitors > 0 AND e.step_no > 1) > 10 AS reached FROM expected AS e
GROUP BY e.ordering ORDER BY e.ordering;
SELECT d.nr, d.ordering, to_jsonb(a) - '{nr,ordering}'::text[] AS asked, count(*) AS differences
FROM ((TABLE expected EXCEPT ALL TABLE counted) UNION ALL (TABLE counted EXCEPT ALL TABLE expected)) AS d
JOIN asked AS a USING (nr, ordering)
GROUP BY d.nr, d.ordering, a ORDER BY d.nr, d.ordering;

-- A funnel of strict order without options is that of the mode.
SELECT count(*) > 60 AS compared, count(*) FILTER (WHERE to_jsonb(s) IS DISTINCT FROM to_jsonb(m)) AS differences
FROM asked AS a
CROSS JOIN LATERAL (SELECT jsonb_agg(s - '{optional,exclude,min,max}'::text[]) AS steps FROM jsonb_array_elements(a.steps) AS s) AS p
CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, p.steps, a.within, ordering => 'strict') AS s
JOIN LATERAL mrcall.funnel(a.since, a.until, p.steps, a.within, modes => '{consecutive}') AS m USING (step_no)
WHERE a.ordering = 'strict';

-- The buckets of the trend add up to the funnel; each has the visitors whose chain begins in it.
CREATE TEMP TABLE trend AS
SELECT a.nr, a.ordering, t.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.funnel_trend('1 hour', a.since, a.until, a.steps, a.within, ordering => a.ordering, hold => a.hold,
    zone => 'Asia/Kathmandu') AS t
WHERE a.nr <= 20;
SELECT count(*) > 200 AS compared, count(*) FILTER (WHERE t.bucket > a.since AND t.visitors > 0) > 30 AS later,
       bool_and(t.local = t.bucket AT TIME ZONE 'Asia/Kathmandu'
                AND t.bucket = mrcall.bucket('1 hour', t.bucket, 'Asia/Kathmandu')) AS local,
       count(*) FILTER (WHERE t.visitors IS DISTINCT FROM
           (SELECT count(b.times[t.step_no]) FROM best AS b WHERE (b.nr, b.ordering) = (t.nr, t.ordering)
                AND mrcall.bucket('1 hour', b.times[1], 'Asia/Kathmandu') = t.bucket)) AS wrong
FROM trend AS t JOIN asked AS a USING (nr, ordering)
WHERE EXISTS (SELECT FROM counted AS c WHERE (c.nr, c.ordering) = (t.nr, t.ordering));
SELECT count(*) AS differences
FROM (SELECT t.nr, t.ordering, t.step_no, sum(t.visitors) AS visitors FROM trend AS t GROUP BY 1, 2, 3) AS t
JOIN asked AS a USING (nr, ordering)
JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, ordering => a.ordering, hold => a.hold) AS f USING (step_no)
WHERE f.visitors <> t.visitors;
