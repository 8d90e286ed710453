-- Bad arguments of funnel, cohorts, top_pages, lifecycle, active_visitors, stickiness and page_flow: an error with the right SQLSTATE,
-- the value and a HINT.
\set r '''2026-04-01''::timestamptz, ''2026-05-01''::timestamptz'
\set s '''[{"step": "a"}]'''
-- Ranges.
SELECT * FROM mrcall.funnel(NULL, '2026-05-01', :s);
SELECT * FROM mrcall.funnel('2026-04-01', NULL, :s);
SELECT * FROM mrcall.funnel('-infinity', '2026-05-01', :s);
SELECT * FROM mrcall.funnel('2026-05-01', '2026-05-01', :s);
SELECT * FROM mrcall.cohorts(NULL, '2026-05-01');
SELECT * FROM mrcall.cohorts('2026-04-01', NULL);
SELECT * FROM mrcall.cohorts('2026-04-01', 'infinity');
SELECT * FROM mrcall.cohorts('2026-05-01', '2026-04-01');
SELECT * FROM mrcall.top_pages(NULL, '2026-05-01');
SELECT * FROM mrcall.top_pages('2026-04-01', NULL);
SELECT * FROM mrcall.top_pages('-infinity', '2026-05-01');
SELECT * FROM mrcall.top_pages('2026-05-01', '2026-05-01');

-- Steps.
SELECT * FROM mrcall.funnel(:r, NULL);
SELECT * FROM mrcall.funnel(:r, 'null');
SELECT * FROM mrcall.funnel(:r, '{"visit": {}, "pricing": {"page": "/pricing%"}}');
SELECT * FROM mrcall.funnel(:r, '"visit"');
SELECT * FROM mrcall.funnel(:r, '[]');
SELECT * FROM mrcall.funnel(:r, (SELECT jsonb_agg(jsonb_build_object('step', n::text)) FROM generate_series(1, 33) AS n));
SELECT count(*) FROM mrcall.funnel(:r, (SELECT jsonb_agg(jsonb_build_object('step', n::text)) FROM generate_series(1, 32) AS n));
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, "b"]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, null]');
SELECT * FROM mrcall.funnel(:r, '[{"page": "/"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": ""}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": 1}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "a", "page": "/"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "url": "/"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": null}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": ["/"]}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "/x\\"}]');
SELECT visitors FROM mrcall.funnel(:r, '[{"step": "a", "page": "/x\\\\"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "event": 7}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "event": ["click", 7]}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "properties": "pro"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "properties": [1]}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "utm_source": {}}]');
-- What is inside a step is data, whatever it looks like.
SELECT step, visitors FROM mrcall.funnel(:r, $$[{"step": "'; DROP TABLE public.business; --", "page": "%' OR true OR '%", "event": "$1",
    "properties": {"a'": "'); --"}, "utm_source": "%L", "utm_medium": "\\'", "utm_campaign": "\" OR true"}]$$);

-- Windows, modes, dimensions, gaps.
SELECT * FROM mrcall.funnel(:r, :s, NULL);
SELECT * FROM mrcall.funnel(:r, :s, '-1 second');
SELECT * FROM mrcall.funnel(:r, :s, '1 month');
SELECT * FROM mrcall.funnel(:r, :s, modes => '{best}');
SELECT * FROM mrcall.funnel(:r, :s, modes => '{allow_reentry}');
SELECT * FROM mrcall.funnel(:r, :s, modes => '{consecutive,strict_once}');
SELECT * FROM mrcall.funnel(:r, :s, modes => '{NULL}');
SELECT * FROM mrcall.funnel(:r, :s, dimension => 'country');
SELECT * FROM mrcall.funnel(:r, :s, dimension => '');
SELECT * FROM mrcall.funnel(:r, :s, dimension => $$channel'; DROP TABLE public.business; --$$);
SELECT * FROM mrcall.funnel(:r, :s, gap => NULL);
SELECT * FROM mrcall.funnel(:r, :s, gap => '-1 second');
SELECT * FROM mrcall.funnel(:r, :s, gap => '1 month');

-- Options of steps.
SELECT * FROM mrcall.funnel(:r, :s, ordering => NULL);
SELECT * FROM mrcall.funnel(:r, :s, ordering => 'loose');
SELECT * FROM mrcall.funnel(:r, :s, hold => '{plan,NULL}');
SELECT * FROM mrcall.funnel(:r, :s, hold => '{{plan}}');
SELECT count(*) FROM mrcall.funnel(:r, :s, hold => '{}', modes => '{strict_once}');
SELECT * FROM mrcall.funnel(:r, :s, hold => '{plan}', modes => '{strict_once}');
SELECT * FROM mrcall.funnel(:r, :s, ordering => 'any', modes => '{strict_once}');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "optional": true}]', modes => '{strict_once}');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "optional": true}]', ordering => 'any');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "min": "1 hour"}]', ordering => 'any');
SELECT count(*) FROM mrcall.funnel(:r, '[{"step": "a", "optional": false}, {"step": "b", "optional": false}]', ordering => 'any');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "optional": true}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "exclude": {"event": "x"}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "min": "1 hour"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "max": "1 hour"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "optional": "yes"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "optional": null}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "min": 60}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "max": null}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "max": "soon"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "min": "-1 hour"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "max": "1 month"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "min": "2 hours", "max": "1 hour"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": "x"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": {}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": {"step": "x"}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": {"event": 7}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": {"page": "/x\\"}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "exclude": {"page": "pricing"}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "event": ["y", "x"], "exclude": {"event": ["x", "y", "x"]}}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "event": "x", "exclude": {"event": ["x"]}}]');
SELECT count(*) FROM mrcall.funnel(:r, '[{"step": "a", "event": "x"}, {"step": "b", "event": "y", "exclude": {"event": "x"}}]');
SELECT * FROM mrcall.funnel_trend(NULL, :r, :s);
SELECT * FROM mrcall.funnel_trend('0', :r, :s);
SELECT * FROM mrcall.funnel_trend('1 day', :r, :s, zone => 'Mars/Base');
SELECT * FROM mrcall.funnel_trend('1 day', :r, NULL);
SELECT * FROM mrcall.funnel_trend('1 day', :r, :s, ordering => 'loose');
SELECT mrcall.sequence_events(NULL, now(), '{t}');
SELECT mrcall.sequence_events('(?2)', now(), '{t}');
SELECT mrcall.sequence_events('(?1)', 'infinity', '{t}');

-- Cohorts.
SELECT * FROM mrcall.cohorts(:r, NULL);
SELECT * FROM mrcall.cohorts(:r, '0');
SELECT * FROM mrcall.cohorts(:r, '-1 day');
SELECT * FROM mrcall.cohorts(:r, '1 month 1 day');
SELECT * FROM mrcall.cohorts(:r, '1 month', rolling => true);
SELECT * FROM mrcall.cohorts(:r, '1 microsecond');
SELECT * FROM mrcall.cohorts(:r, zone => NULL);
SELECT * FROM mrcall.cohorts(:r, zone => 'Europe/Atlantis');
SELECT * FROM mrcall.cohorts(:r, by => NULL);
SELECT * FROM mrcall.cohorts(:r, by => 'week');
SELECT * FROM mrcall.cohorts(:r, by => 'First_seen');
SELECT * FROM mrcall.cohorts(:r, periods => NULL);
SELECT * FROM mrcall.cohorts(:r, periods => -1);
SELECT * FROM mrcall.cohorts(:r, periods => 1001);
SELECT * FROM mrcall.cohorts(:r, gap => NULL);
SELECT * FROM mrcall.cohorts(:r, gap => '-1 second');
SELECT * FROM mrcall.cohorts(:r, gap => '1 month');

-- Top pages.
SELECT * FROM mrcall.top_pages(:r, -1);
SELECT * FROM mrcall.top_pages(:r, gap => NULL);
SELECT * FROM mrcall.top_pages(:r, gap => '-1 second');
SELECT * FROM mrcall.top_pages(:r, gap => '1 month');

-- Life cycle, active visitors, stickiness.
SELECT * FROM mrcall.lifecycle('1 day', NULL, '2026-05-01');
SELECT * FROM mrcall.lifecycle('1 day', '2026-05-01', '2026-05-01');
SELECT * FROM mrcall.lifecycle(NULL, :r);
SELECT * FROM mrcall.lifecycle('-1 day', :r);
SELECT * FROM mrcall.lifecycle('1 month 1 day', :r);
SELECT * FROM mrcall.lifecycle('1 day', :r, NULL);
SELECT * FROM mrcall.lifecycle('1 day', :r, 'Europe/Atlantis');
SELECT * FROM mrcall.lifecycle('1 day', :r, gap => NULL);
SELECT * FROM mrcall.lifecycle('1 day', :r, gap => '1 month');
SELECT * FROM mrcall.lifecycle('1 day', :r, origin => 'infinity');
SELECT * FROM mrcall.lifecycle('1 day', date '2026-04-01', NULL::date);
SELECT * FROM mrcall.active_visitors('2026-04-01', 'infinity');
SELECT * FROM mrcall.active_visitors(:r, NULL);
SELECT * FROM mrcall.active_visitors(:r, 'Mars');
SELECT * FROM mrcall.active_visitors(:r, gap => '-1 second');
SELECT * FROM mrcall.active_visitors(:r, origin => '-infinity');
SELECT * FROM mrcall.stickiness('1 day', '2026-04-01', NULL);
SELECT * FROM mrcall.stickiness(NULL, :r);
SELECT * FROM mrcall.stickiness('0', :r);
SELECT * FROM mrcall.stickiness('1 day', :r, 'Mars');
SELECT * FROM mrcall.stickiness('1 day', :r, gap => '1 month');

-- Page flow.
SELECT * FROM mrcall.page_flow(NULL, '2026-05-01');
SELECT * FROM mrcall.page_flow('2026-05-01', '2026-05-01');
SELECT * FROM mrcall.page_flow('-infinity', '2026-05-01');
SELECT * FROM mrcall.page_flow(:r, depth => 0);
SELECT * FROM mrcall.page_flow(:r, depth => -1);
SELECT * FROM mrcall.page_flow(:r, depth => 21);
SELECT * FROM mrcall.page_flow(:r, depth => NULL);
SELECT * FROM mrcall.page_flow(:r, nodes => 0);
SELECT * FROM mrcall.page_flow(:r, nodes => 1001);
SELECT * FROM mrcall.page_flow(:r, nodes => NULL);
SELECT * FROM mrcall.page_flow(:r, 'pricing');
SELECT * FROM mrcall.page_flow(:r, '');
SELECT * FROM mrcall.page_flow(:r, to_page => 'https://mrcall.ai/pricing?x=1');
SELECT * FROM mrcall.page_flow(:r, to_page => '/pricing#top');
SELECT * FROM mrcall.page_flow(:r, to_page => '/pricing%');
SELECT * FROM mrcall.page_flow(:r, gap => NULL);
SELECT * FROM mrcall.page_flow(:r, gap => '1 month');

-- Whatever was wrong, nothing was changed by it.
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;

-- Ranges that the reports refuse before, asked of what counts for them: no row.
SELECT (SELECT count(*) FROM mrcall_internal.lifecycle_counts(
            '2026-02-01Z', '2025-01-01Z', '1 day', 'UTC', NULL, '30 minutes', false)) AS stages,
       (SELECT count(*) FROM mrcall_internal.active_visitor_counts('2026-02-01Z', '2025-01-01Z', 'UTC', NULL, '30 minutes', true)) AS days,
       (SELECT count(*) FROM mrcall_internal.stickiness_counts(
            '2026-02-01Z', '2025-01-01Z', '1 day', 'UTC', NULL, '30 minutes', false)) AS buckets;
-- Before attach there is nothing to read.
DROP VIEW mrcall.events CASCADE;
SELECT * FROM mrcall.funnel(:r, :s);
SELECT * FROM mrcall.cohorts(:r);
SELECT * FROM mrcall.top_pages(:r);
SELECT * FROM mrcall.lifecycle('1 day', :r);
SELECT * FROM mrcall.active_visitors(:r);
SELECT * FROM mrcall.stickiness('1 day', :r);
SELECT * FROM mrcall.page_flow(:r);
