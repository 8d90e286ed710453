-- The sign-ups by every model, and one of them explained. Needs functions.sql and the variables since, until and their days.
SELECT format('SELECT * FROM mrcall.attribution_models(%L, %L)', :'since_day', :'until_day') AS models_statement \gset
CREATE TEMP TABLE report_models AS :models_statement;

SELECT pg_temp.heading('The sign-ups by every model', 'exact shares of each');
SELECT pg_temp.statement(:'models_statement');
SELECT '  ' || pg_temp.l('channel', 18) || string_agg(pg_temp.r(h.name, 7), '' ORDER BY h.place)
FROM unnest('{first,last,nondir,paid,linear,posit.,W,decay,data,markov,shap.}'::text[]) WITH ORDINALITY AS h (name, place);
CREATE TEMP VIEW report_models_line AS
SELECT r.dimension_value, r.linear_conversions,
       ARRAY[r.first_touch_conversions, r.last_touch_conversions, r.last_non_direct_conversions, r.last_paid_conversions,
             r.linear_conversions, r.position_based_conversions, r.w_shaped_conversions,
             r.time_decay_conversions, r.data_driven_conversions, r.markov_conversions, r.shapley_conversions] AS figures
FROM report_models AS r;
SELECT '  ' || pg_temp.l(l.dimension_value, 18)
    || (SELECT string_agg(pg_temp.r(pg_temp.num(f.figure, 1), 7), '' ORDER BY f.place)
        FROM unnest(l.figures) WITH ORDINALITY AS f (figure, place))
FROM report_models_line AS l
ORDER BY l.dimension_value = '(unattributed)', l.linear_conversions DESC, l.dimension_value;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 18) || string_agg(pg_temp.r(pg_temp.num(t.total, 1), 7), '' ORDER BY t.place) || E'\n'
    || format('  every model gives out %s sign-ups, to the last digit %s', pg_temp.num(min(t.total), 6),
              pg_temp.mark(bool_and(t.total = (SELECT count(*) FROM mrcall.conversions AS c WHERE c.conversion = 'signup'
                                               AND c.converted_at >= :'since' AND c.converted_at < :'until'))))
FROM (SELECT f.place, sum(f.figure) AS total
      FROM report_models_line AS l CROSS JOIN LATERAL unnest(l.figures) WITH ORDINALITY AS f (figure, place)
      GROUP BY f.place) AS t;

-- The latest of three to five touches by several channels, else the latest of any.
SELECT format('SELECT touch_no, touched_at, channel, source, rule, linear_conversions,' || E'\n'
    '    position_based_conversions, w_shaped_conversions, time_decay_conversions' || E'\n'
    'FROM mrcall.explain_conversion(''signup'', %L)', x.conversion_id) AS explained_statement,
    x.conversion_id AS explained_id, to_char(x.converted_at, 'YYYY-MM-DD HH24:MI') AS explained_at
FROM (SELECT c.conversion_id, c.converted_at, count(*) AS touches, count(DISTINCT e.channel) AS channels
      FROM (SELECT x.conversion_id, x.converted_at FROM mrcall.conversions AS x
            WHERE x.conversion = 'signup' AND x.visitor_id IS NOT NULL AND x.converted_at >= :'since' AND x.converted_at < :'until'
            ORDER BY x.converted_at DESC, x.conversion_id LIMIT 40) AS c
      CROSS JOIN LATERAL mrcall.explain_conversion('signup', c.conversion_id) AS e
      WHERE e.reason IS NULL
      GROUP BY c.conversion_id, c.converted_at
      UNION ALL SELECT '', NULL, 0, 0) AS x
ORDER BY x.touches BETWEEN 3 AND 5 DESC, x.channels DESC, x.converted_at DESC NULLS LAST, x.conversion_id
LIMIT 1 \gset
CREATE TEMP TABLE report_explained AS :explained_statement;
SELECT pg_temp.heading('One sign-up explained', left(:'explained_id', 28) || ', ' || :'explained_at')
    || E'\n' || pg_temp.statement(:'explained_statement')
WHERE :'explained_id' <> '';
SELECT '  ' || pg_temp.l('touch', 19) || pg_temp.l('channel', 18) || pg_temp.l('source', 14) || pg_temp.l('because', 13)
    || pg_temp.r('linear', 9) || pg_temp.r('posit.', 8) || pg_temp.r('W', 8) || pg_temp.r('decay', 8)
WHERE :'explained_id' <> '';
SELECT '  ' || pg_temp.l(to_char(e.touched_at, 'YYYY-MM-DD HH24:MI'), 19) || pg_temp.l(e.channel, 18) || pg_temp.l(e.source, 14)
    || pg_temp.l(e.rule, 13) || pg_temp.r(pg_temp.num(e.linear_conversions, 4), 9)
    || pg_temp.r(pg_temp.num(e.position_based_conversions, 4), 8) || pg_temp.r(pg_temp.num(e.w_shaped_conversions, 4), 8)
    || pg_temp.r(pg_temp.num(e.time_decay_conversions, 4), 8)
FROM report_explained AS e
WHERE :'explained_id' <> ''
ORDER BY e.touch_no;
