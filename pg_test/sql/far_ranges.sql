-- Ranges and durations at the ends of time: an answer, or the error of the argument, never one of the server's from inside.
\pset footer off
CREATE TEMP TABLE asked (report text);
INSERT INTO asked VALUES
    ('sessionize(%s, gap => %L)'), ('visitor_buckets(''1000 years'', %s, gap => %L)'),
    ('visitor_buckets(''1000 years'', %s, dimension => ''channel'', gap => %L)'),
    ('top_pages(%s, gap => %L)'), ('page_flow(%s, gap => %L)'), ('lifecycle(''1000 years'', %s, gap => %L, exclude_bots => true)'),
    ('lifecycle(''1000 years'', %s)'), ('active_visitors(%s, gap => %L, exclude_bots => true)'),
        ('stickiness(''1000 years'', %s, gap => %L)'),
    ('funnel(%s, ''[{"step": "a"}, {"step": "b"}]'', gap => %L, exclude_bots => true, dimension => ''device'')'),
    ('funnel(%s, ''[{"step": "a"}, {"step": "b"}]'', within => %L)'), ('cohorts(%s, ''1000 years'', by => ''channel'', gap => %L)'),
    ('attribution(%s, gap => %L)'), ('attribution(%s, lookback => %L)'), ('attribution_models(%s, lookback => %L)'),
    ('conversion_paths(%s, lookback => %L)'), ('conversion_paths(%s, gap => %L)'), ('time_to_convert(%s, lookback => %L)'),
    ('assisted_conversions(%s, gap => %L)'), ('attribution_interval(%s, lookback => %L, replicates => 1)'), ('roas(%s, lookback => %L)'),
    ('call_service(''1000 years'', %s, within => %L)'),
    ('call_summary(''1000 years'', %s)'), ('call_heatmap(%s)'), ('callers(%s)'), ('flow(%s)');
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
    hint text;
BEGIN
    EXECUTE format('SELECT count(*) FROM (%s) AS r', query) INTO rows;
    RETURN 'answers';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s%s', sqlstate, sqlerrm, CASE WHEN hint = '' THEN ', without a hint' ELSE '' END);
END
$$;
SET LOCAL client_min_messages = error;
SELECT w.what, count(*), a.answer
FROM asked AS r
CROSS JOIN (VALUES ('all of time', '''4713-01-01 BC'', ''294246-12-31''', '30 minutes'),
                   ('before', '''4714-12-01 BC'', ''2026-01-01''', '1 day'),
                   ('behind', '''2026-01-01'', ''294276-12-31''', '1 day'), ('2026', '''2026-03-01'', ''2026-04-01''', '2540400000 hours'),
                   ('2026', '''2026-03-01'', ''2026-04-01''', '2562047788 hours'),
                   ('2026', '''2026-03-01'', ''2026-04-01''', '90000000 days'),
                   ('first days', '''4713-01-01 BC'', ''4713-01-02 BC''', '1000000 days')) AS w (what, range, duration)
CROSS JOIN LATERAL (VALUES (pg_temp.answer(format('SELECT * FROM mrcall.' || r.report, w.range, w.duration)))) AS a (answer)
GROUP BY w.what, a.answer ORDER BY 1, 3;
-- Whoever looks back over all of it has the same journeys as who looks back far enough.
SELECT count(*) AS different
FROM (SELECT * FROM mrcall.attribution('2026-03-01', '2026-06-01', 'linear', lookback => '2540400000 hours')
      EXCEPT ALL SELECT * FROM mrcall.attribution('2026-03-01', '2026-06-01', 'linear', lookback => '4000 days')) AS d;
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE e.reason IS NULL) AS with_touches
FROM (SELECT c.conversion_id FROM mrcall.conversions AS c WHERE c.conversion = 'signup' AND c.converted_at >= '2026-05-01'
      ORDER BY c.conversion_id COLLATE "C" LIMIT 3) AS c
CROSS JOIN LATERAL mrcall.explain_conversion('signup', c.conversion_id, lookback => '2540400000 hours', gap => '2562047788 hours') AS e;
