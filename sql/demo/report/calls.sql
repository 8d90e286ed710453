-- How the calls of the latest month went, overall and at the busiest businesses. Needs functions.sql.
-- The latest month of which there are two weeks at least.
SELECT m.since AS calls_since, m.until AS calls_until, to_char(m.since, 'FMMonth YYYY') AS calls_month
FROM (
    SELECT mrcall.bucket('1 month', l.at, 'UTC') AS since, mrcall.next_bucket('1 month', l.at, 'UTC') AS until
    FROM (SELECT greatest(min(c.started_at), coalesce(max(c.started_at), now()) - interval '14 days') AS at FROM mrcall.calls AS c) AS l
) AS m \gset
SELECT format('SELECT * FROM mrcall.call_summary(''1 month'', %L, %L)', d.since, d.until) AS calls_statement,
       format('SELECT * FROM mrcall.call_heatmap(%L, %L)', :'calls_since', :'calls_until') AS heat_statement
FROM (SELECT to_char(:'calls_since'::timestamptz, 'YYYY-MM-DD') AS since, to_char(:'calls_until'::timestamptz, 'YYYY-MM-DD') AS until)
    AS d \gset
CREATE TEMP TABLE report_business AS :calls_statement;
-- What call_summary does not say of all businesses together.
CREATE TEMP TABLE report_call AS
SELECT c.started_at, CASE WHEN c.ended_at > c.started_at THEN c.ended_at END AS ended_at, c.answered,
       c.started_at >= :'calls_since' AS counts, coalesce(c.outcome, '(not set)') AS outcome
FROM mrcall.calls AS c
WHERE c.started_at >= :'calls_since'::timestamptz - interval '24 hours' AND c.started_at < :'calls_until';

SELECT pg_temp.heading('How the calls went', :'calls_month');
SELECT pg_temp.statement(:'calls_statement');
CREATE TEMP VIEW report_outcome AS
SELECT o.key AS outcome, sum(o.value::bigint) AS calls, row_number() OVER (ORDER BY sum(o.value::bigint) DESC, o.key) AS place
FROM report_business AS r CROSS JOIN LATERAL jsonb_each_text(r.outcomes) AS o
GROUP BY o.key;

SELECT '  ' || pg_temp.l('business', 22) || '   calls answered missed   mean    p95 peak  outcomes, in the order below';
SELECT '  ' || pg_temp.l(format('all %s businesses', pg_temp.num(b.businesses)), 22) || pg_temp.r(pg_temp.num(b.calls), 8)
    || pg_temp.r(pg_temp.num(b.answered), 9) || pg_temp.r(pg_temp.num(b.missed), 7) || pg_temp.r(pg_temp.span(d.mean), 7)
    || pg_temp.r(pg_temp.span(d.p95), 7) || pg_temp.r(pg_temp.num(p.peak), 5)
FROM (SELECT count(*) AS businesses, sum(r.calls) AS calls, sum(r.answered) AS answered, sum(r.missed) AS missed
      FROM report_business AS r) AS b,
     (SELECT avg(c.ended_at - c.started_at) AS mean, percentile_cont(0.95) WITHIN GROUP (ORDER BY c.ended_at - c.started_at) AS p95
      FROM report_call AS c WHERE c.counts) AS d,
     (SELECT max(r.running) AS peak
      FROM (SELECT s.at, sum(s.step) OVER (ORDER BY s.at, s.step ROWS UNBOUNDED PRECEDING) AS running
            FROM (SELECT c.started_at, 1 FROM report_call AS c WHERE c.ended_at IS NOT NULL
                  UNION ALL SELECT c.ended_at, -1 FROM report_call AS c WHERE c.ended_at IS NOT NULL) AS s (at, step)) AS r
      WHERE r.at >= :'calls_since') AS p;
SELECT rtrim('  ' || pg_temp.l(coalesce(b.template || ' ', '') || left(r.business_id, 8), 22) || pg_temp.r(pg_temp.num(r.calls), 8)
    || pg_temp.r(pg_temp.num(r.answered), 9) || pg_temp.r(pg_temp.num(r.missed), 7) || pg_temp.r(pg_temp.span(r.mean_duration), 7)
    || pg_temp.r(pg_temp.span(r.p95_duration), 7) || pg_temp.r(pg_temp.num(r.peak_concurrency), 5) || '  '
    || pg_temp.l((SELECT string_agg(coalesce(r.outcomes ->> o.outcome, '0'), ' / ' ORDER BY o.place) FROM report_outcome AS o), 32))
FROM report_business AS r
LEFT JOIN (SELECT x.business_id, min(x.template) AS template FROM mrcall.businesses AS x GROUP BY 1) AS b ON b.business_id = r.business_id
ORDER BY r.calls DESC, r.business_id
LIMIT 8;
SELECT pg_temp.rule();
SELECT format('  total %s calls = %s answered + %s missed + %s neither %s = %s in mrcall.calls %s', pg_temp.num(b.calls),
              pg_temp.num(b.answered), pg_temp.num(b.missed), pg_temp.num(c.unknown),
              pg_temp.mark(b.calls = b.answered + b.missed + c.unknown),
              pg_temp.num(c.calls), pg_temp.mark(b.calls = c.calls))
FROM (SELECT coalesce(sum(r.calls), 0) AS calls, coalesce(sum(r.answered), 0) AS answered, coalesce(sum(r.missed), 0) AS missed
      FROM report_business AS r) AS b,
     (SELECT count(*) AS calls, count(*) FILTER (WHERE x.answered IS NULL) AS unknown FROM report_call AS x WHERE x.counts) AS c;

SELECT '';
SELECT rtrim('  ' || pg_temp.l(o.outcome, 24) || pg_temp.r(pg_temp.num(o.calls), 8)
    || pg_temp.r(pg_temp.percent(o.calls, sum(o.calls) OVER ()), 9)
    || '  ' || pg_temp.bar(o.calls, max(o.calls) OVER (), 40))
FROM report_outcome AS o
WHERE o.place <= 10
ORDER BY o.place;
SELECT pg_temp.rule();
SELECT format('  total of the outcomes %s = %s calls %s', pg_temp.num(o.calls), pg_temp.num(b.calls), pg_temp.mark(o.calls = b.calls))
FROM (SELECT coalesce(sum(x.calls), 0) AS calls FROM report_outcome AS x) AS o,
     (SELECT coalesce(sum(r.calls), 0) AS calls FROM report_business AS r) AS b;
SELECT E'\n' || format('  calls per day  %s  %s to %s, least %s, most %s (%s)',
    pg_temp.spark(array_agg(d.calls::numeric ORDER BY d.bucket)),
    to_char(min(d.bucket), 'DD Mon'), to_char(max(d.bucket), 'DD Mon'), pg_temp.num(min(d.calls)), pg_temp.num(max(d.calls)),
    to_char((array_agg(d.bucket ORDER BY d.calls DESC, d.bucket))[1], 'Dy DD'))
FROM (
    SELECT b.bucket, count(c.started_at) AS calls
    FROM mrcall.buckets('1 day', :'calls_since', :'calls_until', 'UTC') AS b
    LEFT JOIN report_call AS c ON c.counts AND c.started_at >= b.bucket AND c.started_at < b.next_bucket
    GROUP BY b.bucket
) AS d;

-- What the retention policies say, without doing it.
CALL mrcall.apply_session_retention() \gset kept_
SELECT E'\n' || format('  retention, a dry run: %s policies, %s calls to archive, %s to delete of %s %s',
    pg_temp.num(p.policies), pg_temp.num(:kept_left_to_archive), pg_temp.num(:kept_left_to_delete), pg_temp.num(p.calls),
    pg_temp.mark(p.to_archive = :kept_left_to_archive AND p.to_delete = :kept_left_to_delete))
FROM (SELECT count(*) AS policies, coalesce(sum(d.to_archive), 0) AS to_archive, coalesce(sum(d.to_delete), 0) AS to_delete,
             (SELECT count(*) FROM mrcall.calls) AS calls
      FROM mrcall.retention_due() AS d) AS p;
