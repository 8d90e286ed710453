-- mrcall.visits and mrcall.sessionize against a loop over the events, one by one (fixtures/oracle.sql).
\pset footer off

-- Own rules and a login host of one's own, so that both tables of the definitions take part.
INSERT INTO mrcall.channel_rule (position, channel, source_pattern, medium_pattern, campaign_pattern, referrer_pattern)
    VALUES
    (10, 'Partner', '^newsletter$', NULL, '^x', NULL), (20, 'Chirps', NULL, NULL, NULL, '(^|\.)t\.co$'),
    (5, 'House', '^(GOOGLE|bing)$', 'cpc', NULL, NULL),
    (30, 'Fallback', '^(google|newsletter)$', NULL, NULL, NULL);
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('duckduckgo.com');
DELETE FROM mrcall.ignored_referrer WHERE domain = 'checkout.stripe.com';
DELETE FROM oracle.visit;
INSERT INTO oracle.visit SELECT * FROM oracle.visits(NULL, NULL, '30 minutes');

-- Every column of every visit, both ways.
SELECT (SELECT count(*) FROM oracle.visit) > 2000 AS compared,
       (SELECT count(*) FROM oracle.visit AS o WHERE o.rule LIKE 'channel_rule%') > 0 AS with_own_rules,
       count(*) AS differences
FROM ((TABLE oracle.visit EXCEPT ALL TABLE mrcall.visits) UNION ALL (TABLE mrcall.visits EXCEPT ALL TABLE oracle.visit))
    AS d;

-- The visitors at the edges, to be read.
SELECT v.visitor_id, v.visit_no AS no, to_char(v.started_at AT TIME ZONE 'UTC', 'DD HH24:MI:SS.US') AS started,
       v.ended_at - v.started_at AS lasted, v.events, v.pageviews AS pages, v.entry_page, v.exit_page, v.channel,
           v.source,
       to_char(v.touched_at AT TIME ZONE 'UTC', 'HH24:MI') AS touched, v.landing_page AS landing, v.is_bot AS bot
FROM mrcall.visits AS v
WHERE v.visitor_id ~ '^(W-visitor-.*)?$'
ORDER BY v.visitor_id COLLATE "C", v.visit_no;

-- A range that cuts visits at both ends, and gaps from nothing to weeks.
SELECT r.gap,
       (SELECT count(*) FROM mrcall.sessionize(r.since, r.until, r.gap)) > 0 AS compared,
       (SELECT count(*)
        FROM (SELECT * FROM mrcall.sessionize(r.since, r.until, r.gap)) AS i
        FULL JOIN (SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page, channel,
            source, medium,
                          campaign
                   FROM oracle.visits(r.since, r.until, r.gap)) AS o
            ON (i.visitor_id COLLATE "C", i.visit_no) = (o.visitor_id, o.visit_no)
        WHERE to_jsonb(i) IS DISTINCT FROM to_jsonb(o)) AS differences
FROM (VALUES ('2026-03-01 00:00Z'::timestamptz, '2026-03-29 00:20Z'::timestamptz, interval '30 minutes'),
             ('2026-03-03 10:02Z', '2026-03-09 12:34:56.789Z', '0'), ('2026-03-01', '2026-03-08', '1 microsecond'),
             ('2026-03-01', '2026-04-01', '1 minute'), ('2026-02-01', '2026-06-01', '1 day'),
             ('2026-03-20', '2026-04-05', '23 hours 59 minutes 59.999999 seconds'), ('2026-02-01', '2026-06-01',
                 '36 days'),
             ('2027-01-01', '2027-01-02', '30 minutes')) AS r (since, until, gap)
ORDER BY r.gap, r.since;

-- Nothing is lost and nothing counted twice; the zone of the session changes nothing.
SELECT (SELECT sum(v.events) FROM mrcall.visits AS v) = (SELECT count(e.visitor_id) FROM mrcall.events AS e)
    AS all_events,
       (SELECT sum(v.pageviews) FROM mrcall.visits AS v)
           = (SELECT count(*) FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL AND e.page_path IS NOT NULL
               AND e.event_type ~ '^page_?view$') AS all_pageviews;
SET LOCAL timezone = 'America/New_York';
SELECT count(*) AS differences
FROM ((TABLE oracle.visit EXCEPT ALL TABLE mrcall.visits) UNION ALL (TABLE mrcall.visits EXCEPT ALL TABLE oracle.visit))
    AS d;
RESET timezone;

-- Of some visitors only, few and so many that they are looked up in a set: theirs whole, nobody else's.
SELECT cardinality(w.visitors) > 5000 AS many,
       (SELECT count(DISTINCT v.visitor_id) FROM mrcall_internal.visits(NULL, NULL, '30 minutes', w.visitors) AS v) > 100 AS visitors_found,
       (SELECT count(*)
        FROM (SELECT v.* FROM oracle.visit AS v WHERE v.visitor_id = ANY (w.visitors)) AS o
        FULL JOIN mrcall_internal.visits(NULL, NULL, '30 minutes', w.visitors) AS i
            ON (i.visitor_id COLLATE "C", i.visit_no) = (o.visitor_id, o.visit_no)
        WHERE to_jsonb(i) - 'had_twice' IS DISTINCT FROM to_jsonb(o)) AS differences
FROM (SELECT array_agg(k.visitor_id) AS some
      FROM (SELECT DISTINCT v.visitor_id FROM oracle.visit AS v WHERE hashtext(v.visitor_id) % 3 = 0) AS k) AS s
CROSS JOIN LATERAL (VALUES (s.some), (s.some || s.some || ARRAY(SELECT 'unknown ' || n FROM generate_series(1, 5000) AS n)))
    AS w (visitors);

-- The rows are given one by one: what keeps them has to hold other rows than the last. Sorted, as whole rows, beside the row
-- before, and where the server writes them down.
CREATE TEMPORARY TABLE kept AS SELECT * FROM mrcall_internal.visits('2026-03-01', '2026-04-01', '30 minutes', NULL);
CREATE FUNCTION pg_temp.visit_set() RETURNS bytea LANGUAGE sql STABLE
    RETURN (SELECT s.visits FROM mrcall_internal.visit_set_of(NULL, '2026-03-01', '2026-04-01', '30 minutes', NULL, true, true) AS s);
SELECT count(*) > 1000 AS compared, count(DISTINCT k.visitor_id) > 500 AS with_visitors FROM kept AS k;
SELECT w.way, (SELECT count(*) FROM ((SELECT to_jsonb(k) FROM kept AS k EXCEPT ALL SELECT unnest(w.visits))
                                     UNION ALL (SELECT unnest(w.visits) EXCEPT ALL SELECT to_jsonb(k) FROM kept AS k)) AS d) AS differences
FROM (
    SELECT 'sorted' AS way, array_agg(to_jsonb(v) ORDER BY v.ended_at DESC) AS visits
    FROM mrcall_internal.visits('2026-03-01', '2026-04-01', '30 minutes', NULL) AS v
    UNION ALL
    SELECT 'whole rows', array_agg(to_jsonb(r.v)) FROM (SELECT mrcall_internal.visit_set_rows(pg_temp.visit_set())
        AS v ORDER BY 1 DESC) AS r
    UNION ALL
    SELECT 'written down', array_agg(to_jsonb(v)) FROM mrcall_internal.visit_set_rows(pg_temp.visit_set()) AS v
    UNION ALL
    SELECT 'the row before', array_agg(v.before) FILTER (WHERE v.before IS NOT NULL) || array_agg(v.visit) FILTER (WHERE v.is_last)
    FROM (SELECT to_jsonb(lag(v) OVER w) AS before, to_jsonb(v) AS visit, lead(v) OVER w IS NULL AS is_last
          FROM mrcall_internal.visits('2026-03-01', '2026-04-01', '30 minutes', NULL) AS v
          WINDOW w AS (ORDER BY v.visitor_id COLLATE "C", v.visit_no)) AS v
) AS w;
-- Begun anew for each row outside, twice at once, and left before its end.
SELECT r.since, (SELECT count(*) FROM kept AS k WHERE k.started_at >= r.since AND k.ended_at < r.until) <= sum(a.n) AS begun_anew,
       sum(a.n) = sum(a.own) AS twice, sum(a.first) AS first
FROM (VALUES ('2026-03-01'::timestamptz, '2026-03-10'::timestamptz), ('2026-03-10', '2026-03-20'),
             ('2027-01-01', '2027-01-02')) AS r (since, until)
CROSS JOIN LATERAL (
    SELECT count(*) AS n, count(t.visitor_id) AS own,
           (SELECT count(*) FROM (SELECT FROM mrcall.sessionize(r.since, r.until) LIMIT 7) AS l) AS first
    FROM mrcall.sessionize(r.since, r.until) AS s
    LEFT JOIN mrcall.sessionize(r.since, r.until) AS t USING (visitor_id, visit_no)) AS a
GROUP BY r.since, r.until
ORDER BY r.since;
