-- The reports that make demo prints: what brought sign-ups and paid subscriptions, visits per week, funnel, cohorts and
-- pages, calls, doctor's findings.
--   psql -X -q -d DATABASE -f report.sql
-- 100 columns, UTC. Periods come from the data. Every total stands beside the same figure counted another way: ✓ they agree,
-- ✗ they don't. Each section begins with the statement that made it, the one that runs here. Nothing is written but
-- temporary tables.
\set ON_ERROR_STOP on
\set QUIET on
\ir report/functions.sql

-- The tracked period: whole days from the first event to the last.
SELECT
    coalesce(date_trunc('day', min(e.occurred_at)), date_trunc('day', now()) - interval '1 day') AS since,
    coalesce(date_trunc('day', max(e.occurred_at)) + interval '1 day', date_trunc('day', now())) AS until
FROM mrcall.events AS e \gset
SELECT to_char(:'since'::timestamptz, 'YYYY-MM-DD') || ' to ' || to_char(:'until'::timestamptz - interval '1 day', 'YYYY-MM-DD')
    AS period,
    to_char(:'since'::timestamptz, 'YYYY-MM-DD') AS since_day, to_char(:'until'::timestamptz, 'YYYY-MM-DD') AS until_day \gset

SELECT pg_temp.heading('mrcall_ext ' || mrcall.version(), format('PostgreSQL %s, %s', current_setting('server_version_num')::int / 10000,
    coalesce((SELECT 'TimescaleDB ' || x.extversion FROM pg_extension AS x WHERE x.extname = 'timescaledb'), 'without TimescaleDB')));
SELECT format('  %s events of %s visitors, %s customers, %s businesses, %s calls',
    (SELECT pg_temp.num(count(*)) FROM mrcall.events), (SELECT pg_temp.num(count(DISTINCT e.visitor_id)) FROM mrcall.events AS e),
    (SELECT pg_temp.num(count(*)) FROM mrcall.customers), (SELECT pg_temp.num(count(*)) FROM mrcall.businesses),
    (SELECT pg_temp.num(count(*)) FROM mrcall.calls));

\ir report/attribution.sql
\ir report/models.sql
\ir report/visitors.sql
\ir report/behaviour.sql
\ir report/calls.sql
\ir report/service.sql
\ir report/businesses.sql
\ir report/doctor.sql

SELECT pg_temp.heading('Try next in make psql');
SELECT format($try$
  SELECT * FROM mrcall.attribution('%1$s', '%2$s', 'time_decay', 'payment');

  SELECT * FROM mrcall.attribution('%1$s', '%2$s', 'linear', dimension => 'source');

  SELECT * FROM mrcall.visitor_buckets('1 day', '%3$s', '%2$s', exclude_bots => true);

  SELECT dimension_value, step, visitors, conversion, median_time
  FROM mrcall.funnel('%1$s', '%2$s', '[{"step": "home", "page": "/"},
      {"step": "pricing", "page": "/pricing%%"}, {"step": "sign-up", "event": "signup_click"}]',
      dimension => 'device');

  SELECT bucket, calls, answered, missed, p95_duration, outcomes
  FROM mrcall.call_summary('1 day', '%3$s', '%2$s', 'UTC',
      '%4$s');

  SELECT * FROM mrcall.visits WHERE visitor_id =
      '%5$s' ORDER BY visit_no;

  SELECT severity, object, finding, fix FROM mrcall.doctor();
$try$,
    to_char(:'since'::timestamptz, 'YYYY-MM-DD'), to_char(:'until'::timestamptz, 'YYYY-MM-DD'),
    to_char(greatest(:'since'::timestamptz, :'until'::timestamptz - interval '7 days'), 'YYYY-MM-DD'),
    (SELECT replace(c.business_id, '''', '''''') FROM mrcall.calls AS c WHERE length(c.business_id) <= 40
     GROUP BY c.business_id ORDER BY count(*) DESC, c.business_id LIMIT 1),
    (SELECT replace(v.visitor_id, '''', '''''') FROM mrcall.conversions AS v
     WHERE v.conversion = 'signup' AND length(v.visitor_id) <= 40 ORDER BY v.converted_at DESC, v.visitor_id LIMIT 1));
