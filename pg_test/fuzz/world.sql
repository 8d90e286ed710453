-- What the fuzzer's calls find: a small demo database, attached, with rules, spend, an archive, and a role that may read.
\set visitors 120
\ir ../../sql/reference/reference.sql
\ir ../../sql/demo/generate.sql
SET client_min_messages = warning;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach() \g /dev/null
SELECT mrcall.grant_read('fuzz_reader') \g /dev/null
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Partners', '%partner%');
INSERT INTO mrcall.spend (day, channel, cost, currency)
SELECT '2026-02-01'::date + n, (ARRAY['Paid Search', 'Email', 'Partners'])[1 + n % 3], 10 + n, 'EUR' FROM generate_series(0, 100) AS n;
INSERT INTO public.session_retention_policies
SELECT b.business_id, 30, CASE WHEN b.nr % 2 = 0 THEN 60 END
FROM (SELECT business_id, row_number() OVER (ORDER BY business_id) AS nr FROM public.business) AS b WHERE b.nr <= 20
ON CONFLICT DO NOTHING;
CALL mrcall.apply_session_retention(false) \g /dev/null
ANALYZE public.website_events, public.sessions, public.business, public.customers_registry, mrcall.session_archive;
