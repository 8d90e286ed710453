-- Every report that reads the sources, each with arguments that reach all of its parts: the same rows in the same order, whatever the
-- tables are stored as. The demo's data lies in 2026-02 to 2026-05. (Reports that go by the clock have it as an argument.)
\pset format unaligned
\pset footer off
SET timezone = 'UTC';
SELECT * FROM mrcall.sessionize('2026-03-10', '2026-03-20') ORDER BY visitor_id COLLATE "C", visit_no;
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-03-20', '2026-04-10', 'Europe/Rome');
SELECT * FROM mrcall.visitor_buckets('1 month', '2026-02-01', '2026-06-01', 'UTC', 'channel');
SELECT * FROM mrcall.top_pages('2026-02-01', '2026-06-01', 40);
SELECT * FROM mrcall.funnel('2026-02-01', '2026-06-01', '[{"step": "home", "page": "/"}, {"step": "pricing", "page": "/pricing%"}]',
    dimension => 'channel');
SELECT * FROM mrcall.cohorts('2026-02-02', '2026-05-25', '7 days', 'Europe/Rome');
SELECT * FROM mrcall.cohorts('2026-02-02', '2026-05-25', '7 days', by => 'channel', periods => 3);
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'time_decay', 'payment');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'last_touch', 'first_call', dimension => 'source');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'markov', 'subscription');
SELECT * FROM mrcall.attribution_models('2026-03-01', '2026-05-01');
SELECT * FROM mrcall.attribution_interval('2026-02-01', '2026-06-01', replicates => 20);
SELECT * FROM mrcall.assisted_conversions('2026-02-01', '2026-06-01');
SELECT * FROM mrcall.conversion_paths('2026-02-01', '2026-06-01') ORDER BY path, currency;
SELECT * FROM mrcall.time_to_convert('2026-02-01', '2026-06-01');
SELECT * FROM mrcall.roas('2026-02-01', '2026-06-01');
SELECT * FROM mrcall.call_summary('1 month', '2026-02-01', '2026-06-01', 'Europe/Rome') ORDER BY bucket, business_id COLLATE "C";
SELECT s.* FROM (SELECT business_id FROM mrcall.calls GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1) AS b
CROSS JOIN LATERAL mrcall.call_summary('1 day', '2026-03-20', '2026-04-10', 'Europe/Rome', b.business_id) AS s;
SELECT * FROM mrcall.call_service('1 month', '2026-02-01', '2026-06-01', 'Europe/Rome') ORDER BY bucket, business_id COLLATE "C";
SELECT * FROM mrcall.call_heatmap('2026-02-01', '2026-06-01', zone => 'Europe/Rome');
SELECT * FROM mrcall.callers('2026-02-01', '2026-06-01') ORDER BY 1, 2, 3 LIMIT 500;
SELECT * FROM mrcall.flow('2026-02-01', '2026-06-01');
SELECT * FROM mrcall.business_health('2026-06-01') ORDER BY 1;
SELECT * FROM mrcall.resource_usage('2026-06-01') ORDER BY 1, 2, 3;
SELECT e.* FROM (SELECT conversion, min(conversion_id) AS id FROM mrcall.conversions WHERE converted_at >= '2026-03-01' GROUP BY 1) AS c
CROSS JOIN LATERAL mrcall.explain_conversion(c.conversion, c.id) AS e ORDER BY c.conversion, e.touch_no;
SELECT * FROM mrcall.conversions ORDER BY 1, 2;
SELECT count(*), md5(string_agg(v::text, '|' ORDER BY v.visitor_id COLLATE "C", v.visit_no)) FROM mrcall.visits AS v;
SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t.visitor_id COLLATE "C", t.touched_at, t::text)) FROM mrcall.touches AS t;
SELECT count(*), md5(string_agg(i::text, '|' ORDER BY i::text)) FROM mrcall.identities AS i;
SELECT count(*), md5(string_agg(c::text, '|' ORDER BY c.call_id, c.started_at)) FROM mrcall.calls AS c;
