-- Bad arguments of the reports: an error with the right SQLSTATE, the value and a HINT; never a silently empty result.
\set r '''2026-04-01''::timestamptz, ''2026-05-01''::timestamptz'

-- Ranges: NULL is 22004, infinity 22008, an end that is not after the start 22023.
SELECT * FROM mrcall.attribution(NULL, '2026-05-01');
SELECT * FROM mrcall.attribution('2026-04-01', NULL);
SELECT * FROM mrcall.attribution('-infinity', '2026-05-01');
SELECT * FROM mrcall.attribution('2026-04-01', 'infinity');
SELECT * FROM mrcall.attribution('2026-05-01', '2026-05-01');
SELECT * FROM mrcall.attribution('2026-05-01', '2026-04-01');
SELECT * FROM mrcall.visitor_buckets('1 day', NULL, '2026-05-01');
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-04-01', NULL);
SELECT * FROM mrcall.visitor_buckets('1 day', '-infinity', '2026-05-01');
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-04-01', 'infinity');
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-05-01');
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-04-01');
SELECT * FROM mrcall.call_summary('1 day', NULL, '2026-05-01');
SELECT * FROM mrcall.call_summary('1 day', '2026-04-01', NULL);
SELECT * FROM mrcall.call_summary('1 day', '-infinity', '2026-05-01');
SELECT * FROM mrcall.call_summary('1 day', '2026-04-01', 'infinity');
SELECT * FROM mrcall.call_summary('1 day', '2026-05-01', '2026-05-01');
SELECT * FROM mrcall.call_summary('1 day', '2026-05-01', '2026-04-01');
SELECT * FROM mrcall.sessionize(NULL, '2026-05-01');
SELECT * FROM mrcall.sessionize('2026-04-01', NULL);
SELECT * FROM mrcall.sessionize('-infinity', '2026-05-01');
SELECT * FROM mrcall.sessionize('2026-04-01', 'infinity');
SELECT * FROM mrcall.sessionize('2026-05-01', '2026-05-01');
SELECT * FROM mrcall.sessionize('2026-05-01', '2026-04-01');
-- Nearly all the time that there is, is a range.
SELECT (SELECT count(*) FROM mrcall.sessionize('4713-01-01 BC', '294246-12-31')) = (SELECT count(*) FROM mrcall.visits) AS same;
SELECT dimension_value, conversions FROM mrcall.attribution('4713-01-01 BC', '4712-01-01 BC');

-- Models.
SELECT * FROM mrcall.attribution(:r, NULL);
SELECT * FROM mrcall.attribution(:r, 'best');
SELECT * FROM mrcall.attribution(:r, 'LINEAR');
SELECT * FROM mrcall.attribution(:r, '');
SELECT * FROM mrcall.attribution(:r, 'markov', markov_order => 0);
SELECT * FROM mrcall.attribution(:r, 'shapley', markov_order => NULL);
SELECT * FROM mrcall.attribution(:r, 'custom');
SELECT * FROM mrcall.attribution(:r, 'custom', weights => '{}');
SELECT * FROM mrcall.attribution(:r, 'custom', weights => '{1,NULL}');
SELECT * FROM mrcall.attribution(:r, 'custom', weights => '{1,-1}');

-- Conversions.
SELECT * FROM mrcall.attribution(:r, 'linear', NULL);
SELECT * FROM mrcall.attribution(:r, 'linear', 'purchase');
SELECT * FROM mrcall.attribution(:r, 'linear', 'Signup');

-- Dimensions.
SELECT * FROM mrcall.attribution(:r, dimension => NULL);
SELECT * FROM mrcall.attribution(:r, dimension => 'country');
SELECT * FROM mrcall.attribution(:r, dimension => 'device');
SELECT * FROM mrcall.attribution(:r, dimension => $$channel'; DROP TABLE public.business; --$$);
SELECT * FROM mrcall.visitor_buckets('1 day', :r, 'UTC', 'country');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, 'UTC', '');

-- Durations: NULL is 22004, months and less than zero 22023.
SELECT * FROM mrcall.attribution(:r, lookback => NULL);
SELECT * FROM mrcall.attribution(:r, lookback => '-1 day');
SELECT * FROM mrcall.attribution(:r, lookback => '1 month');
SELECT * FROM mrcall.attribution(:r, lookback => '1 year');
SELECT * FROM mrcall.attribution(:r, lookback => '1 month -30 days');
SELECT * FROM mrcall.attribution(:r, lookback => '2147483647 days');
SELECT * FROM mrcall.attribution(:r, model => 'time_decay', half_life => NULL);
SELECT * FROM mrcall.attribution(:r, model => 'time_decay', half_life => '0');
SELECT * FROM mrcall.attribution(:r, model => 'time_decay', half_life => '-7 days');
SELECT * FROM mrcall.attribution(:r, model => 'time_decay', half_life => '1 month');
SELECT * FROM mrcall.attribution(:r, gap => NULL);
SELECT * FROM mrcall.attribution(:r, gap => '-1 second');
SELECT * FROM mrcall.attribution(:r, gap => '1 month');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, gap => NULL);
SELECT * FROM mrcall.visitor_buckets('1 day', :r, gap => '-1 second');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, gap => '1 month');
SELECT * FROM mrcall.sessionize(:r, NULL);
SELECT * FROM mrcall.sessionize(:r, '-1 second');
SELECT * FROM mrcall.sessionize(:r, '1 month');

-- Weights.
SELECT * FROM mrcall.attribution(:r, 'position_based', first_weight => NULL);
SELECT * FROM mrcall.attribution(:r, 'position_based', first_weight => -0.1);
SELECT * FROM mrcall.attribution(:r, 'position_based', first_weight => 'NaN');
SELECT * FROM mrcall.attribution(:r, 'position_based', last_weight => 'Infinity');
SELECT * FROM mrcall.attribution(:r, 'position_based', first_weight => 0.6, last_weight => 0.5);

-- Widths: NULL is 22004; zero, negative and months mixed with anything else 22023; more rows than fit 54000.
SELECT * FROM mrcall.visitor_buckets(NULL, :r);
SELECT * FROM mrcall.visitor_buckets('0', :r);
SELECT * FROM mrcall.visitor_buckets('-1 day', :r);
SELECT * FROM mrcall.visitor_buckets('-1 month', :r);
SELECT * FROM mrcall.visitor_buckets('1 month 1 day', :r);
SELECT * FROM mrcall.visitor_buckets('1 microsecond', :r);
SELECT * FROM mrcall.call_summary(NULL, :r);
SELECT * FROM mrcall.call_summary('0', :r);
SELECT * FROM mrcall.call_summary('-1 hour', :r);
SELECT * FROM mrcall.call_summary('1 month 1 hour', :r);
SELECT * FROM mrcall.call_summary('1 microsecond', :r);

-- Zones.
SELECT * FROM mrcall.visitor_buckets('1 day', :r, NULL);
SELECT * FROM mrcall.visitor_buckets('1 day', :r, '');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, 'Europe/Atlantis');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, '+02:00');
SELECT * FROM mrcall.call_summary('1 day', :r, NULL);
SELECT * FROM mrcall.call_summary('1 day', :r, 'Rome');
SELECT * FROM mrcall.call_summary('1 day', :r, '../../etc/passwd');

-- A business that does not exist has no calls, which is no error: all its buckets are empty.
SELECT bucket, business_id, calls, outcomes FROM mrcall.call_summary('20 days', :r, 'UTC', 'nobody');

-- The setting. (The text of these errors is the server's own, and differs between its versions.)
\set VERBOSITY sqlstate
SET mrcall.longest_call = '-1s';
SET mrcall.longest_call = '400d';
SET mrcall.no_such_setting = 1;
\set VERBOSITY verbose

-- Roles.
SELECT mrcall.grant_read(NULL);
SELECT mrcall.grant_read('no such role');

-- Whatever was wrong, nothing was changed by it: reports only read.
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
