-- Own channel rules win over the built-in ones, in the order of their positions.
-- A small world of its own, in a year that the generated one does not reach.
INSERT INTO public.website_events (session_id, created_at, page_url, referrer, utm_source, utm_medium, utm_campaign) VALUES
    ('rule-search', '2033-03-01 10:00+00', 'https://mrcall.ai/', 'https://www.google.com/', NULL, NULL, NULL),
    ('rule-news', '2033-03-01 10:00+00', 'https://mrcall.ai/', NULL, 'Newsletter', 'email', 'Spring-2033'),
    ('rule-blog', '2033-03-01 10:00+00', 'https://mrcall.ai/', 'https://www.partner.example/a', NULL, NULL, NULL),
    ('rule-direct', '2033-03-01 10:00+00', 'https://mrcall.ai/', NULL, NULL, NULL, NULL);
CREATE TEMP VIEW ours AS SELECT visitor_id, channel, source, medium, campaign, rule FROM mrcall.visits WHERE started_at >= '2033-01-01';
\set visits 'SELECT * FROM ours ORDER BY visitor_id;'
:visits

-- By source, without regard to case; by referrer domain; by medium and campaign together.
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (20, 'Own Newsletter', '^newsletter$');
INSERT INTO mrcall.channel_rule (position, channel, referrer_pattern) VALUES (30, 'Partners', '(^|\.)partner\.example$');
INSERT INTO mrcall.channel_rule (position, channel, medium_pattern, campaign_pattern) VALUES (10, 'Spring', '^e', 'spring');
:visits
-- The smaller position wins; the next one follows when it goes.
UPDATE mrcall.channel_rule SET position = 25 WHERE channel = 'Spring';
:visits
DELETE FROM mrcall.channel_rule WHERE channel = 'Own Newsletter';
:visits
-- All patterns of a rule have to match.
UPDATE mrcall.channel_rule SET campaign_pattern = 'autumn' WHERE channel = 'Spring';
:visits
-- A pattern that matches the empty text also catches what says nothing.
INSERT INTO mrcall.channel_rule (position, channel, source_pattern, medium_pattern) VALUES (99, 'Unknown', '^$', '^$');
:visits
-- The reports follow at once, the touches too; the immutable function knows the built-in rules only.
SELECT dimension_value, visits FROM mrcall.visitor_buckets('1 year', '2033-01-01', '2034-01-01', 'UTC', 'channel') ORDER BY 1;
-- Of a period without an event they ask for the rules and nothing else.
SELECT count(*) FROM mrcall.visitor_buckets('1 month', '2034-01-01', '2035-01-01', 'UTC', 'channel');
SELECT count(*) FROM mrcall.visitor_buckets('1 month', '2034-01-01', '2035-01-01', 'UTC', 'device');
SELECT channel, count(*) FROM mrcall.touches WHERE touched_at >= '2033-01-01' GROUP BY 1 ORDER BY 1;
SELECT mrcall.channel('https://www.partner.example/a', 'https://mrcall.ai/');

-- Rules that are none are refused when they are written.
\set VERBOSITY sqlstate
INSERT INTO mrcall.channel_rule (position, channel) VALUES (1, 'Everything');
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Broken', '(');
INSERT INTO mrcall.channel_rule (position, channel, referrer_pattern) VALUES (1, 'Broken', '[z-a]');
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (30, 'Twice', 'x');
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (NULL, 'No position', 'x');
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, NULL, 'x');
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, '', 'x');
UPDATE mrcall.channel_rule SET medium_pattern = '*' WHERE position = 99;
SELECT position, channel FROM mrcall.channel_rule ORDER BY position;

-- Rules may look at the page where the visitor arrived: its host and its path, also where another rule of theirs has no match.
\set VERBOSITY default
DELETE FROM mrcall.channel_rule;
INSERT INTO public.website_events (session_id, created_at, page_url, referrer) VALUES
    ('rule-shop', '2033-03-02 10:00+00', 'https://Shop.mrcall.ai/offers/may?a=1', 'https://www.google.com/'),
    ('rule-shop', '2033-03-02 12:00+00', 'https://shop.mrcall.ai/', 'https://www.google.com/'),
    ('rule-shop', '2033-03-02 14:00+00', 'https://mrcall.ai/offers/may', 'https://www.google.com/'),
    ('rule-shop', '2033-03-02 16:00+00', 'https://mrcall.ai/offers/june', 'https://mrcall.ai/'),
    ('rule-shop', '2033-03-02 18:00+00', 'https://mrcall.ai/about', 'https://mrcall.ai/');
INSERT INTO mrcall.channel_rule (position, channel, landing_host_pattern) VALUES (10, 'Shop', '^shop\.');
SELECT landing_page, channel, rule FROM mrcall.visits WHERE visitor_id = 'rule-shop' ORDER BY visit_no;
INSERT INTO mrcall.channel_rule (position, channel, landing_path_pattern) VALUES (5, 'Offers', '^/OFFERS/');
INSERT INTO mrcall.channel_rule (position, channel, landing_host_pattern, landing_path_pattern, source_pattern)
    VALUES (1, 'Shop Offers', '^shop\.', '^/offers', '^google$');
SELECT landing_page, channel, source, rule FROM mrcall.visits WHERE visitor_id = 'rule-shop' ORDER BY visit_no;
SELECT landing_page, channel FROM mrcall.touches WHERE visitor_id = 'rule-shop' ORDER BY touched_at;
-- The reports say the same as the view.
SELECT b.dimension_value, b.visits, count(v.*) AS of_view
FROM mrcall.visitor_buckets('1 year', '2033-01-01', '2034-01-01', 'UTC', 'channel') AS b
LEFT JOIN mrcall.visits AS v ON v.channel = b.dimension_value AND v.started_at >= '2033-01-01'
GROUP BY 1, 2
ORDER BY 1;
\set VERBOSITY sqlstate
INSERT INTO mrcall.channel_rule (position, channel, landing_host_pattern) VALUES (2, 'Broken', '(');
INSERT INTO mrcall.channel_rule (position, channel, landing_path_pattern) VALUES (2, 'Broken', '*');
