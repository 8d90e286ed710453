-- Bad arguments of the reports over journeys: an error with the right SQLSTATE, the value and a HINT.
\set r '''2026-04-01''::timestamptz, ''2026-05-01''::timestamptz'
\pset footer off

-- Each function checks the range, the kind, the dimension, the durations and the weights.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN sqlstate || ' ' || message || CASE WHEN hint = '' THEN ' WITHOUT HINT' ELSE '' END;
END
$$;
SELECT b.bad, n.name, pg_temp.outcome(format('SELECT * FROM mrcall.%I(%s)', n.name, b.bad)) AS outcome
FROM (VALUES ('NULL, ''2026-05-01'''), ('''2026-04-01'', ''infinity'''), ('''2026-05-01'', ''2026-04-01'''),
             ('''2026-04-01'', ''2026-05-01'', conversion => NULL'), ('''2026-04-01'', ''2026-05-01'', conversion => ''all'''),
             ('''2026-04-01'', ''2026-05-01'', lookback => NULL'), ('''2026-04-01'', ''2026-05-01'', lookback => ''-1 day'''),
             ('''2026-04-01'', ''2026-05-01'', lookback => ''1 month'''), ('''2026-04-01'', ''2026-05-01'', gap => ''1 year'''),
             ('''2026-04-01'', ''2026-05-01'', gap => NULL')) AS b (bad)
CROSS JOIN (VALUES ('attribution'), ('attribution_models'), ('conversion_paths'), ('time_to_convert'), ('assisted_conversions'), ('roas'),
                   ('attribution_interval')) AS n (name)
ORDER BY 1, 2;

SELECT * FROM mrcall.attribution_models(:r, dimension => 'country');
SELECT * FROM mrcall.attribution_models(:r, dimension => NULL);
SELECT * FROM mrcall.attribution_models(:r, half_life => '0');
SELECT * FROM mrcall.attribution_models(:r, first_weight => 0.7, last_weight => 0.7);
SELECT * FROM mrcall.attribution_models(:r, weights => '{}');
SELECT * FROM mrcall.attribution_models(:r, weights => '{0,NaN}');
SELECT * FROM mrcall.attribution_models(:r, markov_order => 9);
SELECT * FROM mrcall.conversion_paths(:r, transform => 'shortest');
SELECT * FROM mrcall.conversion_paths(:r, transform => 'trim');
SELECT * FROM mrcall.conversion_paths(:r, transform => 'trim', argument => 'x');
SELECT * FROM mrcall.roas(:r, dimension => 'source');
SELECT * FROM mrcall.roas(:r, models => NULL);
SELECT * FROM mrcall.roas(:r, models => '{}');
SELECT * FROM mrcall.roas(:r, models => '{linear,NULL}');
SELECT * FROM mrcall.roas(:r, models => '{markov}', markov_order => 0);
SELECT * FROM mrcall.roas(:r, zone => 'Mars');
SELECT * FROM mrcall.attribution_interval(:r, 'best');
SELECT * FROM mrcall.attribution_interval(:r, replicates => 0);
SELECT * FROM mrcall.attribution_interval(:r, level => 1);

SELECT * FROM mrcall.explain_conversion(NULL, 'x');
SELECT * FROM mrcall.explain_conversion('signup', NULL);
SELECT * FROM mrcall.explain_conversion('purchase', 'x');
SELECT * FROM mrcall.explain_conversion('signup', 'nobody');
SELECT * FROM mrcall.explain_conversion('signup', 'nobody', lookback => '1 month');
SELECT * FROM mrcall.forget(NULL);

-- The table of costs.
INSERT INTO mrcall.spend VALUES ('2026-04-01', 'Display', NULL, -1, 'EUR');
INSERT INTO mrcall.spend VALUES ('2026-04-01', 'Display', NULL, 'NaN', 'EUR');
INSERT INTO mrcall.spend VALUES ('infinity', 'Display', NULL, 1, 'EUR');
INSERT INTO mrcall.spend VALUES ('2026-04-01', '', NULL, 1, 'EUR');
INSERT INTO mrcall.spend VALUES ('2026-04-01', 'Display', NULL, 1, 'eur');
INSERT INTO mrcall.spend VALUES ('2026-04-01', 'Display', NULL, 1, 'EUR'), ('2026-04-01', 'Display', NULL, 2, 'EUR');

-- The internal aggregate and readers, given nonsense: no crash.
SELECT * FROM mrcall_internal.journey_credit_rows('');
SELECT * FROM mrcall_internal.journey_path_rows('\x4a02ff');
SELECT * FROM mrcall_internal.journey_rows('\x4a0201000100');
SELECT mrcall_internal.journey_set(8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{linear}', '1 day',
    0.4, 0.4, NULL,
                           true, true, NULL, NULL, true, false);
SELECT mrcall_internal.journey_set(1, 'c', NULL, now(), now(), NULL, NULL, 'x', 'NaN', 2, NULL, NULL, NULL, '{linear}', '1 day', 0.4,
    0.4, NULL,
                           true, true, NULL, NULL, true, false);
