-- Which channels brought the sign-ups and the paid subscriptions. Needs functions.sql and the variables since, until, their days and
-- period.
SELECT format('SELECT dimension_value, first_touch_conversions, last_non_direct_conversions, linear_conversions' || E'\n'
    'FROM mrcall.attribution_models(%L, %L, data_driven => false)', :'since_day', :'until_day') AS signup_statement,
    format('SELECT dimension_value, currency, last_non_direct_conversions, linear_conversions, linear_value' || E'\n'
    'FROM mrcall.attribution_models(%L, %L, %L, data_driven => false)', :'since_day', :'until_day', 'subscription')
        AS subscription_statement \gset
CREATE TEMP TABLE report_signup AS
SELECT r.dimension_value AS channel, r.first_touch_conversions AS first_touch, r.last_non_direct_conversions AS last_non_direct,
       r.linear_conversions AS linear
FROM (:signup_statement) AS r;
CREATE TEMP TABLE report_credit AS
SELECT r.dimension_value AS channel, r.currency, r.last_non_direct_conversions AS last_non_direct, r.linear_conversions AS linear,
       r.linear_value AS value
FROM (:subscription_statement) AS r;
-- What the credits must add up to.
CREATE TEMP TABLE report_conversion AS
SELECT c.conversion, c.currency, count(*) AS conversions, sum(c.value) AS value, max(scale(c.value)) AS decimals,
       row_number() OVER (PARTITION BY c.conversion ORDER BY count(*) DESC, c.currency) AS place
FROM mrcall.conversions AS c
WHERE c.conversion IN ('signup', 'subscription') AND c.converted_at >= :'since' AND c.converted_at < :'until'
GROUP BY c.conversion, c.currency;

SELECT pg_temp.heading('Which channels brought the sign-ups', :'period' || ', lookback 30 days');
SELECT pg_temp.statement(:'signup_statement');
SELECT '  ' || pg_temp.l('channel', 26) || pg_temp.r('first touch', 12) || pg_temp.r('last non-direct', 18) || pg_temp.r('linear', 14)
    || '    share of linear';
SELECT rtrim('  ' || pg_temp.l(s.channel, 26) || pg_temp.r(pg_temp.num(s.first_touch), 12)
    || pg_temp.r(pg_temp.num(s.last_non_direct), 18) || pg_temp.r(pg_temp.num(s.linear, 6), 14)
    || pg_temp.r(pg_temp.percent(s.linear, sum(s.linear) OVER ()), 9) || '  ' || pg_temp.bar(s.linear, max(s.linear) OVER (), 15))
FROM report_signup AS s
ORDER BY s.channel = '(unattributed)', s.linear DESC, s.channel;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 26) || pg_temp.r(pg_temp.num(s.first_touch), 12) || pg_temp.r(pg_temp.num(s.last_non_direct), 18)
    || pg_temp.r(pg_temp.num(s.linear, 6), 14) || E'\n'
    || format('  total %s = %s sign-ups in mrcall.conversions %s  first touch %s  last non-direct %s', pg_temp.num(s.linear, 6),
              pg_temp.num(c.conversions), pg_temp.mark(s.linear = c.conversions), pg_temp.mark(s.first_touch = c.conversions),
              pg_temp.mark(s.last_non_direct = c.conversions))
FROM (SELECT coalesce(sum(x.first_touch), 0) AS first_touch, coalesce(sum(x.last_non_direct), 0) AS last_non_direct,
             coalesce(sum(x.linear), 0) AS linear FROM report_signup AS x) AS s,
     (SELECT coalesce(sum(x.conversions), 0) AS conversions FROM report_conversion AS x WHERE x.conversion = 'signup') AS c;

-- One column of money for each of the three currencies that are used most.
CREATE TEMP VIEW report_money AS
SELECT k.channel, c.place, c.currency, c.decimals, c.value AS wanted,
       coalesce(sum(r.value) FILTER (WHERE r.currency IS NOT DISTINCT FROM c.currency), 0) AS value
FROM (SELECT DISTINCT x.channel FROM report_credit AS x) AS k
CROSS JOIN report_conversion AS c
LEFT JOIN report_credit AS r ON r.channel = k.channel
WHERE c.conversion = 'subscription' AND c.place <= 3
GROUP BY k.channel, c.place, c.currency, c.decimals, c.value;
CREATE TEMP VIEW report_subscription AS
SELECT r.channel, sum(r.last_non_direct) AS last_non_direct, sum(r.linear) AS linear
FROM report_credit AS r
GROUP BY r.channel;

SELECT pg_temp.heading('Which channels brought the paid subscriptions', :'period' || ', money: linear');
SELECT pg_temp.statement(:'subscription_statement');
SELECT '  ' || pg_temp.l('channel', 26) || pg_temp.r('last non-direct', 16) || pg_temp.r('linear', 13)
    || coalesce((SELECT string_agg(pg_temp.r(coalesce(c.currency, 'no currency'), 14), '' ORDER BY c.place)
                 FROM report_conversion AS c WHERE c.conversion = 'subscription' AND c.place <= 3), '');
SELECT '  ' || pg_temp.l(s.channel, 26) || pg_temp.r(pg_temp.num(s.last_non_direct), 16) || pg_temp.r(pg_temp.num(s.linear, 6), 13)
    || coalesce((SELECT string_agg(pg_temp.r(pg_temp.num(m.value, m.decimals), 14), '' ORDER BY m.place)
                 FROM report_money AS m WHERE m.channel = s.channel), '')
FROM report_subscription AS s
ORDER BY s.channel = '(unattributed)', s.linear DESC, s.channel;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 26) || pg_temp.r(pg_temp.num(coalesce(sum(s.last_non_direct), 0)), 16)
    || pg_temp.r(pg_temp.num(coalesce(sum(s.linear), 0), 6), 13)
    || coalesce((SELECT string_agg(pg_temp.r(pg_temp.num(t.value, t.decimals), 14), '' ORDER BY t.place)
                 FROM (SELECT m.place, m.decimals, sum(m.value) AS value FROM report_money AS m GROUP BY 1, 2) AS t), '')
FROM report_subscription AS s;
SELECT format('  total %s = %s subscriptions in mrcall.conversions %s  last non-direct %s', pg_temp.num(s.linear, 6),
              pg_temp.num(c.conversions), pg_temp.mark(s.linear = c.conversions), pg_temp.mark(s.last_non_direct = c.conversions))
FROM (SELECT coalesce(sum(x.last_non_direct), 0) AS last_non_direct, coalesce(sum(x.linear), 0) AS linear
      FROM report_subscription AS x) AS s,
     (SELECT coalesce(sum(x.conversions), 0) AS conversions FROM report_conversion AS x WHERE x.conversion = 'subscription') AS c;
SELECT '  ' || string_agg(format('%s %s = %s %s', pg_temp.num(t.value, t.decimals), coalesce(t.currency, ''),
                                 pg_temp.num(t.wanted, t.decimals), pg_temp.mark(t.value = t.wanted)), '   ' ORDER BY t.place)
FROM (SELECT m.place, m.currency, m.decimals, m.wanted, sum(m.value) AS value FROM report_money AS m GROUP BY 1, 2, 3, 4) AS t
HAVING count(*) > 0;
SELECT format('  and %s more currencies', count(*))
FROM report_conversion AS c WHERE c.conversion = 'subscription' AND c.place > 3 HAVING count(*) > 0;
