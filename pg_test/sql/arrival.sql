-- mrcall.arrival, mrcall.channel and mrcall.is_arrival: the definitions of docs/arrival.md as SQL sees them.
\pset null '∅'

-- Each channel, in the order in which they are tried.
SELECT c.wanted, a.channel = c.wanted AS ok, a.source, a.medium, a.campaign, a.rule
FROM (VALUES
    (1, 'Direct', NULL, 'https://mrcall.ai/', NULL, NULL, NULL),
    (2, 'Cross-network', NULL, 'https://mrcall.ai/', 'google', 'cpc', 'pmax cross-network'),
    (3, 'Paid Shopping', NULL, 'https://mrcall.ai/?utm_source=amazon&utm_medium=cpc', NULL, NULL, NULL),
    (4, 'Paid Search', 'https://www.google.com/', 'https://mrcall.ai/?gclid=abc', NULL, NULL, NULL),
    (5, 'Paid Social', NULL, 'https://mrcall.ai/', 'facebook', 'paid', 'spring'),
    (6, 'Paid Video', NULL, 'https://mrcall.ai/', 'youtube', 'cpv-cpc', NULL),
    (7, 'Display', NULL, 'https://mrcall.ai/', 'news.example', 'banner', NULL),
    (8, 'Paid Other', NULL, 'https://mrcall.ai/', 'newsletter', 'ppc', NULL),
    (9, 'AI Assistants', 'https://chatgpt.com/', 'https://mrcall.ai/', NULL, NULL, NULL),
    (10, 'Organic Shopping', 'https://www.amazon.de/', 'https://mrcall.ai/', NULL, NULL, NULL),
    (11, 'Organic Social', 'https://l.facebook.com/l.php', 'https://mrcall.ai/?fbclid=x', NULL, NULL, NULL),
    (12, 'Organic Video', 'https://www.youtube.com/watch?v=1', 'https://mrcall.ai/', NULL, NULL, NULL),
    (13, 'Organic Search', 'https://www.bing.com/search?q=a', 'https://mrcall.ai/', NULL, NULL, NULL),
    (14, 'Referral', 'https://blog.example.org/post', 'https://mrcall.ai/', NULL, NULL, NULL),
    (15, 'Email', NULL, 'https://mrcall.ai/', 'customers', 'email', 'may'),
    (16, 'Affiliates', NULL, 'https://mrcall.ai/', 'partner', 'affiliate', NULL),
    (17, 'Audio', NULL, 'https://mrcall.ai/', 'podcast', 'audio', NULL),
    (18, 'SMS', NULL, 'https://mrcall.ai/', 'sms', NULL, NULL),
    (19, 'Mobile Push Notifications', NULL, 'https://mrcall.ai/', 'app', 'push', NULL),
    (20, 'Unassigned', NULL, 'https://mrcall.ai/', 'somewhere', 'sandwich-board', NULL)
) AS c (n, wanted, referrer, page_url, utm_source, utm_medium, utm_campaign)
CROSS JOIN LATERAL mrcall.arrival(c.referrer, c.page_url, c.utm_source, c.utm_medium, c.utm_campaign) AS a
ORDER BY c.n;

-- NULL everywhere is an event that says nothing; the channel is never NULL.
SELECT * FROM mrcall.arrival(NULL, NULL, NULL, NULL, NULL);
SELECT mrcall.channel(NULL, NULL, NULL, NULL, NULL), mrcall.is_arrival(NULL, NULL, NULL, NULL, NULL);
-- The UTM arguments may be left out, and be named.
SELECT mrcall.channel('https://www.google.com/', 'https://mrcall.ai/') AS two,
       mrcall.channel(referrer => NULL, page_url => NULL, utm_medium => 'email') AS named;

-- What trackers write for nothing is nothing.
SELECT nothing, a.channel, a.source, a.medium, a.campaign
FROM unnest(ARRAY['', '  ', 'null', 'undefined', '(not set)', 'NULL']) AS nothing
CROSS JOIN LATERAL mrcall.arrival('https://www.google.it/', 'https://mrcall.ai/', nothing, nothing, nothing) AS a;

-- UTM values and click ids that are NULL are read from the page's query; an argument wins over the query.
SELECT * FROM mrcall.arrival(NULL, 'https://mrcall.ai/?utm_source=Face%62ook&utm_medium=paid+social&utm_campaign=a%26b', NULL, NULL, NULL);
SELECT * FROM mrcall.arrival(NULL, 'https://mrcall.ai/?utm_source=facebook&utm_medium=cpc', 'bing', NULL, NULL);

-- The search term, from a search engine's referrer.
SELECT channel, source, medium, term FROM mrcall.arrival('https://duckduckgo.com/?q=phone+assistant', 'https://mrcall.ai/');
SELECT channel, source, term FROM mrcall.arrival('https://blog.example.org/?q=phone', 'https://mrcall.ai/');

-- A click id proves paid where its network sets it on paid clicks alone, and the source is its own, a referrer's or absent.
SELECT c.what, a.channel, a.source, a.medium, a.rule
FROM (VALUES
    (1, 'gclid alone', NULL, 'https://mrcall.ai/?gclid=a', NULL),
    (2, 'gclid, Google source, medium organic', NULL, 'https://mrcall.ai/?gclid=a&utm_medium=organic', 'google'),
    (3, 'gclid beside a blog''s referrer', 'https://blog.example.org/', 'https://mrcall.ai/?gclid=a', NULL),
    (4, 'stale gclid beside Facebook''s UTM', NULL, 'https://mrcall.ai/?gclid=a', 'facebook'),
    (5, 'msclkid from Bing', 'https://www.bing.com/', 'https://mrcall.ai/?msclkid=a', NULL),
    (6, 'msclkid from a search partner', 'https://duckduckgo.com/', 'https://mrcall.ai/?msclkid=a', NULL),
    (7, 'msclkid from a blog', 'https://blog.example.org/', 'https://mrcall.ai/?msclkid=a', NULL),
    (8, 'fbclid alone', NULL, 'https://mrcall.ai/?fbclid=a', NULL),
    (9, 'empty gclid', NULL, 'https://mrcall.ai/?gclid=', NULL)
) AS c (n, what, referrer, page_url, utm_source)
CROSS JOIN LATERAL mrcall.arrival(c.referrer, c.page_url, c.utm_source, NULL, NULL) AS a
ORDER BY c.n;

-- Navigation inside one site, and the way back from a payment or login host, are no arrivals.
SELECT c.wanted, mrcall.is_arrival(c.referrer, c.page_url, c.utm_source, NULL, NULL) AS is_arrival, c.what
FROM (VALUES
    (1, true, 'no referrer', NULL, 'https://mrcall.ai/', NULL),
    (2, true, 'another site', 'https://www.google.com/', 'https://mrcall.ai/', NULL),
    (3, false, 'the same host', 'https://mrcall.ai/pricing', 'https://mrcall.ai/', NULL),
    (4, false, 'the same registrable domain', 'https://dashboard.mrcall.ai/', 'https://www.mrcall.ai/', NULL),
    (5, true, 'neighbours under a public suffix', 'https://one.github.io/', 'https://two.github.io/', NULL),
    (6, true, 'the same site with a UTM value', 'https://mrcall.ai/', 'https://mrcall.ai/?utm_source=banner', NULL),
    (7, true, 'the same site with a UTM argument', 'https://mrcall.ai/', 'https://mrcall.ai/', 'banner'),
    (8, true, 'the same site with a click id', 'https://mrcall.ai/', 'https://mrcall.ai/?gclid=a', NULL),
    (9, false, 'a payment page', 'https://checkout.stripe.com/pay/1', 'https://mrcall.ai/', NULL),
    (10, false, 'a login page', 'https://accounts.google.com/', 'https://mrcall.ai/', NULL),
    (11, false, 'another login page', 'https://appleid.apple.com/', 'https://mrcall.ai/', NULL)
) AS c (n, wanted, what, referrer, page_url, utm_source)
ORDER BY c.n;

-- Text that is no URL, and bytes that might hurt: an answer, never an error.
SELECT left(t, 20) AS text, mrcall.channel(t, t, t, t, t), mrcall.is_arrival(t, t, NULL, NULL, NULL)
FROM unnest(ARRAY['http://', '://', 'http://[::1', '%%%', E'\x01\x1f', 'http://xn--', '🦀', repeat('a.', 5000) || 'com',
                  'http://mrcall.ai/?' || repeat('utm_source=&', 10000)]) AS t;

-- The channel alone is the channel of the arrival, for everything in the test world.
SELECT count(*) > 0 AS some,
       count(*) FILTER (WHERE a.channel IS DISTINCT FROM mrcall.channel(e.referrer, e.page_url, e.utm_source, e.utm_medium,
                                                                        e.utm_campaign)) AS differ
FROM mrcall.events AS e
CROSS JOIN LATERAL mrcall.arrival(e.referrer, e.page_url, e.utm_source, e.utm_medium, e.utm_campaign) AS a;

-- Which channels are bought.
SELECT c.channel, mrcall.is_paid(c.channel)
FROM unnest(ARRAY['Paid Search', 'Cross-network', 'Display', 'Organic Search', 'Direct', 'paid search', '', NULL]) AS c (channel);
-- The table of the contract starts out as the immutable function's seed.
SELECT (SELECT array_agg(i.domain ORDER BY i.domain) FROM mrcall.ignored_referrer AS i WHERE i.ignored)
       = (SELECT array_agg(s.d ORDER BY s.d COLLATE "C") FROM unnest(mrcall_internal.ignored_referrer_seed()) AS s (d)) AS same,
       mrcall.rules_version() ~ '^[0-9]+$' AS has_version;
