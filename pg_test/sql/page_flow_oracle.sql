-- mrcall.page_flow against the visits of the oracle and window functions, on the world and on random events; and that as many visits leave
-- a page as come to it.
\pset footer off
\set seed 173205
\ir ../fixtures/random_events.sql

CREATE TEMP TABLE asked (nr serial, since timestamptz, until timestamptz, from_page text, to_page text, depth int, nodes int, gap interval,
    no_bots boolean);
INSERT INTO asked (since, until, from_page, to_page, depth, nodes, gap, no_bots) VALUES
    ('2026-03-01Z', '2026-03-20Z', NULL, NULL, 5, 20, '30 minutes', false),
    ('2026-03-01Z', '2026-03-20Z', '/pricing', NULL, 3, 2, '30 minutes', true),
    ('2026-03-01Z', '2026-05-20Z', NULL, '/pricing', 4, 3, '30 minutes', false),
    ('2026-03-28 23:55Z', '2026-03-29 00:20Z', NULL, NULL, 2, 1, '30 minutes', false),
    ('2032-01-05Z', '2032-01-20Z', NULL, NULL, 20, 1000, '2 hours', false),
    ('2032-01-05Z', '2032-01-20Z', NULL, NULL, 4, 1, '10 hours', true),
    ('2032-01-05Z', '2032-01-20Z', '/', NULL, 3, 2, '10 hours', false),
    ('2032-01-05Z', '2032-01-20Z', NULL, '/demo', 3, 2, '10 hours', false),
    ('2032-01-05Z', '2032-01-20Z', NULL, '/demo', 20, 10, '24 hours', true),
    ('2032-01-05Z', '2032-01-20Z', '/', '/demo', 5, 2, '24 hours', false),
    ('2032-01-05Z', '2032-01-20Z', '/pricing', '/pricing', 2, 3, '24 hours', false),
    ('2032-01-05Z', '2032-01-20Z', '/nowhere', NULL, 2, 3, '24 hours', false),
    ('2032-01-05Z', '2032-01-20Z', '/', '/nowhere', 2, 3, '24 hours', false),
    ('2032-01-10 10:05Z', '2032-01-10 20:20Z', NULL, NULL, 1, 4, '0', true),
    ('2034-01-10Z', '2034-01-11Z', NULL, NULL, 5, 20, '30 minutes', false);

-- Without statistics a plan may compare every visit with every event.
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE view ON COMMIT DROP AS
SELECT a.nr, v.visitor_id, v.visit_no, e.event_id, e.occurred_at AS at, mrcall.url_path(e.page_url) COLLATE "C" AS page
FROM asked AS a
CROSS JOIN LATERAL oracle.visits(a.since - a.gap - interval '24 hours', a.until + a.gap + interval '24 hours', a.gap) AS v
JOIN mrcall.events AS e ON e.visitor_id = v.visitor_id AND e.occurred_at >= v.started_at AND e.occurred_at <= v.ended_at
WHERE e.event_type ~ '^page_?view$' AND mrcall.url_path(e.page_url) IS NOT NULL AND NOT (a.no_bots AND v.is_bot)
  AND v.started_at >= a.since AND v.started_at < a.until;
RESET enable_nestloop;
CREATE TEMP TABLE placed ON COMMIT DROP AS
SELECT c.nr, c.visitor_id, c.visit_no, c.at, c.page, row_number() OVER (PARTITION BY c.nr, c.visitor_id, c.visit_no ORDER BY c.at, c.page,
    c.event_id) AS place
FROM (SELECT v.*, lag(v.page) OVER (PARTITION BY v.nr, v.visitor_id, v.visit_no ORDER BY v.at, v.page, v.event_id) IS DISTINCT FROM v.page
             AS changes FROM view AS v) AS c
WHERE c.changes;
CREATE TEMP TABLE followed ON COMMIT DROP AS
WITH begun AS (
    SELECT p.*, a.from_page, a.to_page, a.depth,
           min(p.place) FILTER (WHERE p.page = a.from_page) OVER visit AS from_place,
           max(p.place) FILTER (WHERE p.page = a.to_page) OVER visit AS last_to, max(p.place) OVER visit AS last_place
    FROM placed AS p JOIN asked AS a ON a.nr = p.nr
    WINDOW visit AS (PARTITION BY p.nr, p.visitor_id, p.visit_no)
),
bounded AS (
    SELECT b.*, min(b.place) FILTER (WHERE b.page = b.to_page AND b.place > b.from_place) OVER (PARTITION BY b.nr, b.visitor_id,
        b.visit_no) AS to_place
    FROM begun AS b
)
SELECT b.nr, b.visitor_id, b.visit_no, b.at, b.page, b.depth,
       CASE WHEN b.from_page IS NULL AND b.to_page IS NULL THEN b.place - 1
            WHEN b.from_page IS NULL THEN b.last_to - b.place ELSE b.place - b.from_place END AS k,
       b.from_page IS NOT NULL AND b.to_page IS NOT NULL AS is_cut, b.from_page IS NULL AND b.to_page IS NOT NULL AS backwards
FROM bounded AS b
WHERE (b.from_page IS NULL OR b.place >= b.from_place) AND (b.to_page IS NULL OR b.place <= CASE WHEN b.from_page IS NULL THEN b.last_to
    ELSE b.to_place END)
  AND (b.from_page IS NULL OR b.to_page IS NULL OR b.to_place IS NOT NULL);
CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH ranked AS (
    SELECT f.nr, f.k, f.page, row_number() OVER (PARTITION BY f.nr, f.k ORDER BY count(*) DESC, f.page) AS rank
    FROM followed AS f WHERE f.k <= f.depth GROUP BY 1, 2, 3
),
node AS (
    SELECT f.*, CASE WHEN r.rank <= a.nodes THEN f.page ELSE '(other)' END AS name
    FROM followed AS f JOIN asked AS a ON a.nr = f.nr JOIN ranked AS r ON r.nr = f.nr AND r.k = f.k AND r.page = f.page
)
SELECT n.nr, CASE WHEN n.backwards THEN -n.k - 1 ELSE n.k + 1 END::int AS step,
       CASE WHEN n.backwards THEN coalesce(m.name, '(entry)') ELSE n.name END AS source,
       CASE WHEN n.backwards THEN n.name ELSE coalesce(m.name, '(exit)') END AS target, count(*) AS visits,
       count(DISTINCT n.visitor_id) AS visitors,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN n.backwards THEN n.at - m.at ELSE m.at - n.at END) AS median_time
FROM node AS n
LEFT JOIN node AS m ON m.nr = n.nr AND m.visitor_id = n.visitor_id AND m.visit_no = n.visit_no AND m.k = n.k + 1
WHERE n.k < n.depth AND (m.page IS NOT NULL OR NOT n.is_cut)
GROUP BY 1, 2, 3, 4;

CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.* FROM asked AS a
CROSS JOIN LATERAL mrcall.page_flow(a.since, a.until, a.from_page, a.to_page, a.depth, a.nodes, a.gap, a.no_bots) AS r;
SELECT a.nr, o.rows, o.visits, o.steps, o.others, o.ends,
       (SELECT count(*) FROM ((SELECT * FROM oracle_row AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM report_row AS r WHERE r.nr = a.nr)
                              UNION ALL
                              (SELECT * FROM report_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM oracle_row AS o WHERE o.nr = a.nr))
                             AS d) AS differences
FROM asked AS a
LEFT JOIN (SELECT nr, count(*) AS rows, sum(visits) AS visits, max(abs(step)) AS steps, count(*) FILTER (WHERE target = '(other)')
    AS others,
                  sum(visits) FILTER (WHERE '(exit)' = target OR '(entry)' = source) AS ends
           FROM oracle_row GROUP BY nr) AS o ON o.nr = a.nr
ORDER BY a.nr;

-- What comes to a page at a step goes on from it at the next one: to another page, to others, or out. Below depth, and but for the page
-- that ends a flow.
SELECT a.nr, count(*) > 3 AS compared, count(*) FILTER (WHERE i.visits IS DISTINCT FROM o.visits) AS differences
FROM asked AS a
CROSS JOIN LATERAL (
    SELECT abs(r.step) AS step, CASE WHEN r.step > 0 THEN r.target ELSE r.source END AS page, sum(r.visits) AS visits
    FROM report_row AS r
    WHERE r.nr = a.nr AND abs(r.step) < a.depth AND r.target <> '(exit)' AND r.source <> '(entry)'
    GROUP BY 1, 2) AS i
LEFT JOIN LATERAL (
    SELECT abs(r.step) - 1 AS step, CASE WHEN r.step > 0 THEN r.source ELSE r.target END AS page, sum(r.visits) AS visits
    FROM report_row AS r
    WHERE r.nr = a.nr
    GROUP BY 1, 2) AS o ON o.step = i.step AND o.page = i.page
WHERE a.from_page IS NULL OR a.to_page IS NULL
GROUP BY a.nr
ORDER BY a.nr;
-- Every visit with a page is followed once, from its entry page; the visits that are over after it are its bounces and more.
SELECT sum(f.visits) = (SELECT sum(p.entries) FROM mrcall.top_pages('2026-01-01', '2026-07-01', NULL) AS p) AS all_visits,
    sum(f.visits) > 100 AS compared
FROM mrcall.page_flow('2026-01-01', '2026-07-01', depth => 1) AS f;
SELECT sum(f.visits) = p.entries AS entries
FROM mrcall.page_flow('2026-01-01', '2026-07-01', depth => 1, nodes => 1000) AS f,
     (SELECT t.entries FROM mrcall.top_pages('2026-01-01', '2026-07-01', NULL) AS t WHERE t.page = '/pricing') AS p
WHERE f.source = '/pricing'
GROUP BY p.entries;

-- One visit by hand: equal neighbours are one step, also over an event that is no page view; two views at one instant in order of pages.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url) VALUES
    ('F-1', '2035-01-01 10:00Z', 'page_view', 'https://mrcall.ai/'),
    ('F-1', '2035-01-01 10:01Z', 'page_view', 'https://mrcall.ai/?utm_source=x'),
    ('F-1', '2035-01-01 10:02Z', 'click', 'https://mrcall.ai/other'), ('F-1', '2035-01-01 10:03Z', 'page_view', 'https://mrcall.ai/b'),
    ('F-1', '2035-01-01 10:03Z', 'page_view', 'https://mrcall.ai/a'), ('F-1', '2035-01-01 10:05Z', 'page_view', 'https://mrcall.ai/'),
    ('F-2', '2035-01-01 23:59Z', 'page_view', 'https://mrcall.ai/a'), ('F-2', '2035-01-02 00:10Z', 'page_view', 'https://mrcall.ai/'),
    ('F-2', '2035-01-02 00:20Z', 'page_view', 'https://mrcall.ai/b');
SELECT * FROM mrcall.page_flow('2035-01-01Z', '2035-01-02Z');
SELECT * FROM mrcall.page_flow('2035-01-01Z', '2035-01-02Z', depth => 2, nodes => 1);
SELECT * FROM mrcall.page_flow('2035-01-01Z', '2035-01-02Z', to_page => '/');
SELECT * FROM mrcall.page_flow('2035-01-01Z', '2035-01-02Z', '/a', '/b');
SELECT * FROM mrcall.page_flow('2035-01-01Z', '2035-01-02Z', '/', '/');
-- A visit counts where it starts.
SELECT * FROM mrcall.page_flow('2035-01-02Z', '2035-01-03Z');

-- A parallel plan changes nothing; nor does a READ ONLY transaction.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL transaction_read_only = on;
SELECT (SELECT count(*) FROM report_row) > 100 AS compared, count(*) AS differences
FROM (SELECT a.nr, r.*, row_number() OVER () AS place FROM asked AS a
      CROSS JOIN LATERAL mrcall.page_flow(a.since, a.until, a.from_page, a.to_page, a.depth, a.nodes, a.gap, a.no_bots) AS r) AS p
FULL JOIN (SELECT r.*, row_number() OVER () AS place FROM report_row AS r) AS s ON s.place = p.place
WHERE to_jsonb(p) IS DISTINCT FROM to_jsonb(s);
