-- mrcall.top_pages against the visits of the oracle and correlated sub-queries, on the world and on random events.
\pset footer off
\set seed 161803
\ir ../fixtures/random_events.sql

CREATE TEMP TABLE asked (nr serial, since timestamptz, until timestamptz, gap interval, no_bots boolean);
INSERT INTO asked (since, until, gap, no_bots) VALUES
    ('2026-03-01Z', '2026-03-20Z', '30 minutes', false), ('2026-03-01Z', '2026-03-20Z', '30 minutes', true),
    ('2026-03-28 23:55Z', '2026-03-29 00:20Z', '30 minutes', false), ('2026-04-01Z', '2026-04-20Z', '5 minutes', false),
    ('2032-01-05Z', '2032-01-20Z', '15 minutes', false), ('2032-01-05Z', '2032-01-20Z', '2 hours', true),
    ('2032-01-10 10:05Z', '2032-01-10 20:20Z', '10 hours', false), ('2032-01-10 10:05Z', '2032-01-10 20:20Z', '0', true),
    ('2034-01-10Z', '2034-01-11Z', '30 minutes', false);

-- Without statistics a plan may compare every visit with every event.
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH view AS (
    SELECT a.nr, v.visitor_id, v.visit_no, v.events, e.event_id, e.occurred_at AS at, mrcall.url_path(e.page_url) AS page, a.since, a.until
    FROM asked AS a
    CROSS JOIN LATERAL oracle.visits(a.since - a.gap - interval '24 hours', a.until + a.gap + interval '24 hours', a.gap) AS v
    JOIN mrcall.events AS e ON e.visitor_id = v.visitor_id AND e.occurred_at >= v.started_at AND e.occurred_at <= v.ended_at
    WHERE e.event_type ~ '^page_?view$' AND mrcall.url_path(e.page_url) IS NOT NULL AND NOT (a.no_bots AND v.is_bot)
),
numbered AS (
    -- Views of one page at one instant are alike: any order of them will do.
    SELECT v.*, count(*) OVER before AS place, count(*) OVER (PARTITION BY v.nr, v.visitor_id, v.visit_no) AS views
    FROM view AS v
    WINDOW before AS (PARTITION BY v.nr, v.visitor_id, v.visit_no ORDER BY v.at, v.page COLLATE "C", v.event_id ROWS UNBOUNDED PRECEDING)
),
timed AS (
    SELECT n.*, m.at - n.at AS stayed
    FROM numbered AS n
    LEFT JOIN numbered AS m ON m.nr = n.nr AND m.visitor_id = n.visitor_id AND m.visit_no = n.visit_no AND m.place = n.place + 1
)
SELECT t.nr, t.page, count(*) AS pageviews, count(DISTINCT t.visitor_id) AS visitors, count(DISTINCT (t.visitor_id, t.visit_no)) AS visits,
       count(*) FILTER (WHERE t.place = 1) AS entries, count(*) FILTER (WHERE t.place = t.views) AS exits,
       count(*) FILTER (WHERE t.place = 1 AND t.events = 1) AS bounces,
       round(count(*) FILTER (WHERE t.place = 1 AND t.events = 1)::numeric / nullif(count(*) FILTER (WHERE t.place = 1), 0),
           6) AS bounce_rate,
       round(count(*) FILTER (WHERE t.place = t.views)::numeric / count(*), 6) AS exit_rate,
       round(1000000 * extract(epoch FROM sum(t.stayed)) / nullif(count(t.stayed), 0)) * interval '1 us' AS mean_time
FROM timed AS t
WHERE t.at >= t.since AND t.at < t.until
GROUP BY t.nr, t.page;

RESET enable_nestloop;
CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.* FROM asked AS a CROSS JOIN LATERAL mrcall.top_pages(a.since, a.until, NULL, a.gap, a.no_bots) AS r;

SELECT a.nr, o.pages, o.pageviews, o.entries, o.bounces,
       (SELECT count(*) FROM ((SELECT * FROM oracle_row AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM report_row AS r WHERE r.nr = a.nr)
                              UNION ALL
                              (SELECT * FROM report_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM oracle_row AS o WHERE o.nr = a.nr))
                             AS d) AS differences
FROM asked AS a
LEFT JOIN (SELECT nr, count(*) AS pages, sum(pageviews) AS pageviews, sum(entries) AS entries, sum(bounces) AS bounces
           FROM oracle_row GROUP BY nr) AS o ON o.nr = a.nr
ORDER BY a.nr;

-- The sums are those of the other reports: page views of visitor_buckets; entries and exits are the visits with a page, where no visit
-- crosses an end of the range.
SELECT t.pageviews = b.pageviews AS pageviews, t.entries = v.visits AS entries, t.exits = v.visits AS exits, t.bounces =
    v.bounces AS bounces,
       v.visits > 100 AS compared
FROM (SELECT sum(pageviews) AS pageviews, sum(entries) AS entries, sum(exits) AS exits, sum(bounces) AS bounces
      FROM mrcall.top_pages('2026-01-01', '2026-07-01', NULL)) AS t,
     (SELECT sum(pageviews) AS pageviews FROM mrcall.visitor_buckets('1 month', '2026-01-01', '2026-07-01')) AS b,
     (SELECT count(*) AS visits, count(*) FILTER (WHERE events = 1) AS bounces FROM mrcall.visits
      WHERE entry_page IS NOT NULL AND started_at >= '2026-01-01' AND started_at < '2026-07-01') AS v;
-- The pages viewed most come first, and no more of them than asked for.
SELECT array_agg(x.page) = (SELECT array_agg(y.page) FROM (SELECT * FROM mrcall.top_pages('2026-03-01', '2026-04-01', NULL)
    LIMIT 5) AS y) AS same,
       bool_and(x.falls) AS falls, count(*) AS pages
FROM (SELECT t.page, t.pageviews <= lag(t.pageviews, 1, t.pageviews) OVER () AS falls FROM mrcall.top_pages('2026-03-01',
    '2026-04-01', 5) AS t) AS x;
SELECT count(*) AS pages FROM mrcall.top_pages('2026-03-01', '2026-04-01', 0);

-- A parallel plan changes nothing.
CREATE TEMP TABLE serial AS SELECT * FROM mrcall.top_pages('2026-03-01', '2026-04-01', NULL);
CREATE TEMP TABLE serial_cohorts AS SELECT * FROM mrcall.cohorts('2026-03-01', '2026-04-01');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT (SELECT count(*) FROM serial) > 5 AS compared, count(*) AS differences
FROM ((TABLE serial EXCEPT ALL SELECT * FROM mrcall.top_pages('2026-03-01', '2026-04-01', NULL))
      UNION ALL (SELECT * FROM mrcall.top_pages('2026-03-01', '2026-04-01', NULL) EXCEPT ALL TABLE serial)) AS d;
SELECT (SELECT count(*) FROM serial_cohorts) > 5 AS compared, count(*) AS differences
FROM ((TABLE serial_cohorts EXCEPT ALL SELECT * FROM mrcall.cohorts('2026-03-01', '2026-04-01'))
      UNION ALL (SELECT * FROM mrcall.cohorts('2026-03-01', '2026-04-01') EXCEPT ALL TABLE serial_cohorts)) AS d;

-- In a READ ONLY transaction, and in materialized views that are refreshed concurrently.
CREATE MATERIALIZED VIEW public.kept_pages AS SELECT * FROM mrcall.top_pages('2026-03-01', '2026-04-01');
CREATE UNIQUE INDEX ON public.kept_pages (page);
CREATE MATERIALIZED VIEW public.kept_funnel AS
SELECT * FROM mrcall.funnel('2026-03-01', '2026-04-01', '[{"step": "a"}, {"step": "b", "page": "/p%"}]', dimension =>
    'channel', exclude_bots => true);
CREATE UNIQUE INDEX ON public.kept_funnel (dimension_value, step_no);
CREATE MATERIALIZED VIEW public.kept_cohorts AS SELECT * FROM mrcall.cohorts('2026-03-01', '2026-04-01', by => 'channel', rolling => true);
CREATE UNIQUE INDEX ON public.kept_cohorts (dimension_value, period);
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept_pages;
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept_funnel;
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept_cohorts;
SET LOCAL transaction_read_only = on;
SELECT (SELECT count(*) FROM public.kept_pages) = (SELECT count(*) FROM mrcall.top_pages('2026-03-01', '2026-04-01')) AS pages,
       (SELECT count(*) FROM public.kept_funnel) > 10
           AND (SELECT count(*) FROM mrcall.funnel('2026-03-01', '2026-04-01', '[{"step": "a"}]', exclude_bots => true)) = 1 AS funnel,
       (SELECT count(*) FROM public.kept_cohorts) > 10
           AND (SELECT count(*) FROM mrcall.cohorts('2026-03-01', '2026-04-01', by => 'device', exclude_bots => true)) > 1 AS cohorts;
