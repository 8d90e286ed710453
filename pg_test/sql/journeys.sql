-- Journeys written by hand, where the answer is known: the lookback's ends, ties, exclusions, restarts.
\pset footer off
SET LOCAL timezone = 'UTC';
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-anna', '2034-03-10 12:00Z', '{"website_session_ids": ["T-browser-1", "T-browser-2"]}'),
    ('T-ben', '2034-03-11 12:00Z', '{"website_session_ids": ["T-browser-2"]}');
INSERT INTO public.business (business_id, owner, created_at) VALUES
    ('T-1', 'T-anna', '2034-03-10 13:00Z'), ('T-2', 'T-anna', '2034-03-12 13:00Z'), ('T-3', 'T-anna', '2034-03-12 13:00Z');
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium, utm_campaign, referrer, user_agent) VALUES
    ('T-browser-1', '2034-03-03 12:00Z', 'https://mrcall.ai/', 'a', 'email', 'spring', NULL, 'Mozilla/5.0'),
    ('T-browser-1', '2034-03-05 12:00Z', 'https://mrcall.ai/', NULL, NULL, NULL, 'https://intranet.example.com/', 'Mozilla/5.0'),
    ('T-browser-1', '2034-03-06 12:00Z', 'https://mrcall.ai/', 'b', 'cpc', 'summer', NULL, 'Googlebot/2.1'),
    ('T-browser-2', '2034-03-06 12:00Z', 'https://mrcall.ai/', NULL, NULL, NULL, NULL, 'Mozilla/5.0'),
    ('T-browser-2', '2034-03-10 12:00Z', 'https://mrcall.ai/', 'c', 'social', NULL, NULL, 'Mozilla/5.0'),
    ('T-browser-1', '2034-03-10 13:00:00.000001Z', 'https://mrcall.ai/', 'd', 'sms', NULL, NULL, 'Mozilla/5.0');

-- Seven days before, and the instant itself, are in; a microsecond more is not. Ties come in order of channel.
SELECT p.* FROM mrcall.conversion_paths('2034-03-10Z', '2034-03-11Z', lookback => '7 days') AS p WHERE p.conversions > 0;
SELECT p.* FROM mrcall.conversion_paths('2034-03-10Z', '2034-03-11Z', lookback => '6 days 23:59:59.999999') AS p WHERE p.conversions > 0;
SELECT p.* FROM mrcall.conversion_paths('2034-03-10Z', '2034-03-11Z', lookback => '0') AS p WHERE p.conversions > 0;
-- The first business is made a microsecond before a visit begins.
SELECT p.* FROM mrcall.conversion_paths('2034-03-10Z', '2034-03-11Z', 'business', dimension => 'source') AS p WHERE p.conversions > 0;

-- A browser of two customers serves both; the second has no part of the other's.
SELECT p.* FROM mrcall.conversion_paths('2034-03-11Z', '2034-03-12Z') AS p WHERE p.conversions > 0;

-- Left out, before weights: bots, channels, campaigns, referrers, browsers; what is not set is called so.
SELECT o.what, p.path
FROM (VALUES ('all', false, NULL::text[], NULL::text[], NULL::text[], NULL::text[], NULL::text[], NULL::text[]),
             ('no bots', true, NULL, NULL, NULL, NULL, NULL, NULL),
             ('no Direct', false, '{Direct,NULL}', NULL, NULL, NULL, NULL, NULL),
             ('only Email and SMS', false, NULL, '{Email,SMS}', NULL, NULL, NULL, NULL),
             ('no summer', false, NULL, NULL, '{summer}', NULL, NULL, NULL),
             ('only campaigns', false, NULL, NULL, '{(not set)}', NULL, NULL, NULL),
             ('only spring', false, NULL, NULL, NULL, '{spring}', NULL, NULL),
             ('no intranet', false, NULL, NULL, NULL, NULL, '{example.com}', NULL),
             ('no second browser', false, NULL, NULL, NULL, NULL, NULL, '{T-browser-2}'),
             ('nothing is no condition', NULL, '{}', '{}', '{}', '{}', '{}', '{NULL}'))
    AS o (what, no_bots, no_channels, channels, no_campaigns, campaigns, no_referrers, no_visitors)
CROSS JOIN LATERAL mrcall.conversion_paths(
    '2034-03-10Z', '2034-03-11Z', 'signup', '30 days', 'source', exclude_bots => o.no_bots, exclude_channels => o.no_channels,
    include_channels => o.channels, exclude_campaigns => o.no_campaigns, include_campaigns => o.campaigns,
    exclude_referrers => o.no_referrers, exclude_visitors => o.no_visitors) AS p
WHERE p.conversions > 0;
SELECT a.* FROM mrcall.attribution('2034-03-10Z', '2034-03-11Z', 'linear', exclude_channels => '{Direct,Email}') AS a;
SELECT a.* FROM mrcall.attribution('2034-03-10Z', '2034-03-11Z', 'linear', include_channels => '{Audio}') AS a;

-- The second and third business are one instant: with restart both go on after the first.
SELECT p.path, p.conversions FROM mrcall.conversion_paths('2034-03-12Z', '2034-03-13Z', 'business', dimension => 'source') AS p
WHERE p.conversions > 0;
SELECT p.path, p.conversions
FROM mrcall.conversion_paths('2034-03-12Z', '2034-03-13Z', 'business', dimension => 'source', restart => true) AS p
WHERE p.conversions > 0;
SELECT e.touch_no, e.source, e.linear_conversions FROM mrcall.explain_conversion('business', 'T-2') AS e;
SELECT e.touch_no, e.source, e.linear_conversions FROM mrcall.explain_conversion('business', 'T-2', restart => true) AS e;

-- Transforms.
SELECT t.name, p.path, p.conversions, p.nulls
FROM (VALUES ('exposure', NULL), ('first', NULL), ('frequency', NULL), ('trim', '2'), ('remove_if_not_all', 'Direct')) AS t (name, argument)
CROSS JOIN LATERAL mrcall.conversion_paths('2034-03-10Z', '2034-03-11Z', transform => t.name, argument => t.argument) AS p
WHERE p.conversions > 0;

-- Journeys without a conversion: one a person, with its touches in the range only.
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-carl', '2035-01-01Z', '{"website_session_ids": ["T-browser-3", "T-browser-4"]}');
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-3', '2034-04-01 12:00Z', 'https://mrcall.ai/', 'a', 'email'),
    ('T-browser-4', '2034-04-02 12:00Z', 'https://mrcall.ai/', 'b', 'cpc'),
    ('T-browser-3', '2034-03-31 12:00Z', 'https://mrcall.ai/', 'before', 'email'),
    ('T-browser-3', '2034-04-03 00:00Z', 'https://mrcall.ai/', 'after', 'email'),
    ('T-browser-1', '2034-04-01 12:00Z', 'https://mrcall.ai/', 'converted before', 'email'),
    ('T-browser-5', '2034-04-01 12:00Z', 'https://mrcall.ai/', 'linked to nobody', 'email');
SELECT p.* FROM mrcall.conversion_paths('2034-04-01Z', '2034-04-03Z', dimension => 'source') AS p;

-- Only the chunks of the period and its lookback are read: four days, a lookback of a day, a gap and a day more on both sides.
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE FUNCTION pg_temp.scans() RETURNS TABLE (relname name, scans bigint) LANGUAGE sql VOLATILE
AS $$
    SELECT s.relname, coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) FROM pg_stat_xact_user_tables AS s
    WHERE s.relname ~ '^_hyper_' AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = s.relid AND a.attname = 'page_url')
$$;
CREATE TEMP TABLE before_it ON COMMIT DROP AS SELECT * FROM pg_temp.scans();
SELECT sum(a.conversions) > 0 AS has_rows FROM mrcall.attribution('2026-04-01Z', '2026-04-05Z', lookback => '1 day') AS a;
SELECT count(*) FILTER (WHERE a.scans > coalesce(b.scans, 0)) <= 3 AS few_chunks,
       count(*) > 10 OR to_regclass('timescaledb_information.chunks') IS NULL AS of_many
FROM pg_temp.scans() AS a
LEFT JOIN before_it AS b USING (relname);
