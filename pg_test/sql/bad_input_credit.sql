-- Bad arguments of the functions on values: buckets, credit, split_amount.

-- bucket and next_bucket: a NULL width is 22004, never a silently empty result.
SELECT mrcall.bucket(NULL, '2026-04-01', 'UTC');
SELECT mrcall.bucket('1 day', NULL, 'UTC') IS NULL AS no_instant_no_bucket;
SELECT mrcall.bucket('1 day', '2026-04-01', NULL);
SELECT mrcall.next_bucket(NULL, '2026-04-01', 'UTC');
SELECT mrcall.next_bucket('1 day', '2026-04-01', NULL);
SELECT mrcall.bucket('0', '2026-04-01', 'UTC');
SELECT mrcall.bucket('-1 day', '2026-04-01', 'UTC');
SELECT mrcall.bucket('1 month 1 second', '2026-04-01', 'UTC');
SELECT mrcall.bucket('1 day', 'infinity', 'UTC');
SELECT mrcall.bucket('1 day', '-infinity', 'UTC');
SELECT mrcall.bucket('1 day', '2026-04-01', 'Mars/Olympus');
SELECT mrcall.bucket('1 day', '2026-04-01', 'FOO+3');
SELECT mrcall.bucket('1 day', '2026-04-01', repeat('x', 300));
SELECT mrcall.next_bucket('0', '2026-04-01', 'UTC');
SELECT mrcall.next_bucket('1 day', 'infinity', 'UTC');
SELECT mrcall.next_bucket('1 day', '2026-04-01', 'Mars/Olympus');
SELECT mrcall.next_bucket('1 day', '294276-12-31 12:00:00+00', 'UTC');
SELECT mrcall.bucket('1 month', '4714-11-24 00:00:00+00 BC', 'UTC');

-- buckets.
SELECT * FROM mrcall.buckets(NULL, '2026-04-01', '2026-04-02', 'UTC');
SELECT * FROM mrcall.buckets('1 day', NULL, '2026-04-02', 'UTC');
SELECT * FROM mrcall.buckets('1 day', '2026-04-01', NULL, 'UTC');
SELECT * FROM mrcall.buckets('1 day', '2026-04-01', '2026-04-02', NULL);
SELECT * FROM mrcall.buckets('0', '2026-04-01', '2026-04-02', 'UTC');
SELECT * FROM mrcall.buckets('1 month -1 day', '2026-04-01', '2026-04-02', 'UTC');
\set VERBOSITY sqlstate
SELECT * FROM mrcall.buckets('1 day', '-infinity', '2026-04-02', 'UTC');
SELECT * FROM mrcall.buckets('1 day', '2026-04-01', 'infinity', 'UTC');
SELECT * FROM mrcall.buckets('1 month', '2026-04-01', 'infinity', 'UTC');
\set VERBOSITY verbose
SELECT * FROM mrcall.buckets('1 day', '2026-04-01', '2026-04-02', 'Nowhere');
SELECT * FROM mrcall.buckets('1 microsecond', '2026-04-01', '2026-04-02', 'UTC');
-- No bucket meets a range without an instant.
SELECT * FROM mrcall.buckets('1 day', '2026-04-02', '2026-04-01', 'UTC');
SELECT * FROM mrcall.buckets('1 day', '2026-04-02', '2026-04-02', 'UTC');

-- credit.
\set touches '''{2026-04-01,2026-04-02}'', ''{Email,Direct}'', ''2026-04-03'''
SELECT * FROM mrcall.credit(:touches, NULL);
SELECT * FROM mrcall.credit(:touches, 'best');
SELECT * FROM mrcall.credit(:touches, 'data_driven');
SELECT * FROM mrcall.credit(:touches, 'markov');
SELECT * FROM mrcall.credit(:touches, 'shapley');
SELECT * FROM mrcall.credit(:touches, 'linear', NULL);
SELECT * FROM mrcall.credit(:touches, 'linear', '-1 day');
SELECT * FROM mrcall.credit(:touches, 'linear', '1 month');
SELECT * FROM mrcall.credit(:touches, 'time_decay', half_life => '0');
SELECT * FROM mrcall.credit(:touches, 'time_decay', half_life => '-1 day');
SELECT * FROM mrcall.credit(:touches, 'time_decay', half_life => '1 month');
SELECT * FROM mrcall.credit(:touches, 'time_decay', half_life => NULL);
SELECT * FROM mrcall.credit(:touches, 'position_based', first_weight => -1);
SELECT * FROM mrcall.credit(:touches, 'position_based', first_weight => 1.5);
SELECT * FROM mrcall.credit(:touches, 'position_based', last_weight => 'NaN');
SELECT * FROM mrcall.credit(:touches, 'position_based', last_weight => NULL);
SELECT * FROM mrcall.credit('{2026-04-01,2026-04-02}', '{Email}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit('{2026-04-01,NULL}', '{Email,Direct}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit('{2026-04-01,2026-04-02}', '{Email,NULL}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit('{2026-04-01}', '{Email}', NULL, 'linear');
SELECT * FROM mrcall.credit('{2026-04-01}', '{Email}', 'infinity', 'linear');
SELECT * FROM mrcall.credit('{-infinity}', '{Email}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit('{{2026-04-01},{2026-04-02}}', '{{Email},{Direct}}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit(:touches, 'w_shaped', signup_at => 'infinity');
SELECT * FROM mrcall.credit(:touches, 'w_shaped', business_at => '-infinity');
SELECT * FROM mrcall.credit(:touches, 'custom');
SELECT * FROM mrcall.credit(:touches, 'custom', weights => '{}');
SELECT * FROM mrcall.credit(:touches, 'custom', weights => '{0,0}');
SELECT * FROM mrcall.credit(:touches, 'custom', weights => '{1,-1}');
SELECT * FROM mrcall.credit(:touches, 'custom', weights => '{1,NaN}');
SELECT * FROM mrcall.credit(:touches, 'custom', weights => '{1,NULL}');
SELECT * FROM mrcall.credit(NULL, NULL, '2026-04-03', 'custom');
-- No touches are no rows, whatever says so.
SELECT * FROM mrcall.credit(NULL, NULL, '2026-04-03', 'linear');
SELECT * FROM mrcall.credit('{}', '{}', '2026-04-03', 'linear');
SELECT * FROM mrcall.credit(NULL, '{Email}', '2026-04-03', 'linear');

-- split_amount.
SELECT mrcall.split_amount(NULL, '{1}', 2) AS strict;
SELECT mrcall.split_amount(10, '{}', 2);
SELECT mrcall.split_amount(10, '{0,0}', 2);
SELECT mrcall.split_amount(10, '{1,-1}', 2);
SELECT mrcall.split_amount(10, '{1,NaN}', 2);
SELECT mrcall.split_amount(10, '{1,Infinity}', 2);
SELECT mrcall.split_amount(10, '{1,NULL}', 2);
SELECT mrcall.split_amount(10.001, '{1,1}', 2);
SELECT mrcall.split_amount('NaN', '{1,1}', 2);
SELECT mrcall.split_amount('Infinity', '{1,1}', 2);
SELECT mrcall.split_amount(10, '{1,1}', -1);
SELECT mrcall.split_amount(10, '{1,1}', 39);
SELECT mrcall.split_amount(repeat('9', 101)::numeric, '{1,1}', 0);
SELECT cardinality(mrcall.split_amount(10, array_fill(1::float8, ARRAY[50001]), 2));
