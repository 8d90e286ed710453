-- What visits and businesses are made of: browsers and crawlers, pages, ways to arrive, places.

CREATE TEMP TABLE demo_agent (agent smallint PRIMARY KEY, user_agent text NOT NULL) ON COMMIT DROP;
-- 1-12 desktop, 101-112 mobile, 151-156 tablets and televisions, 201-216 crawlers, tools and agents of assistants; the frequent first.
INSERT INTO demo_agent
VALUES
(1, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36'),
(2, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 '
    'Safari/537.36'),
(3, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 '
    'Safari/605.1.15'),
(4, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36 '
    'Edg/134.0.0.0'),
(5, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:136.0) Gecko/20100101 Firefox/136.0'),
(6, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36'),
(7, 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0'),
(8, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 '
    'OPR/117.0.0.0'),
(9, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:135.0) Gecko/20100101 Firefox/135.0'),
(10, 'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36'),
(11, 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko'),
(12, ''),
(101, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 '
    'Mobile/15E148 Safari/604.1'),
(102, 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Mobile '
    'Safari/537.36'),
(103, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 '
    '[FBAN/FBIOS;FBAV/505.0.0.49.79;FBBV/706891212;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/18.3.2;FBSS/3]'),
(104, 'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 '
    'Chrome/125.0.0.0 Mobile Safari/537.36'),
(105, 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) '
    'CriOS/133.0.6943.84 Mobile/15E148 Safari/604.1'),
(106, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22D63 '
    'Instagram 370.0.0.26.90 (iPhone14,5; iOS 18_3; it_IT; it; scale=3.00; 1170x2532; 703200321)'),
(107, 'Mozilla/5.0 (Android 14; Mobile; rv:136.0) Gecko/136.0 Firefox/136.0'),
(108, 'Mozilla/5.0 (Linux; Android 13; M2101K6G Build/TKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 '
    'Chrome/133.0.6943.49 Mobile Safari/537.36 [LinkedInApp]/4.1.1012'),
(109, 'Mozilla/5.0 (Linux; Android 12; SM-A127F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile '
    'Safari/537.36 OPR/76.2.4027.73374'),
(110, 'Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 '
    'Mobile/15E148 Safari/604.1'),
(111, 'Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Mobile '
    'Safari/537.36'),
(112, 'Mozilla/5.0 (Mobile; Nokia 2780 Flip; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/3.1'),
(151, 'Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 '
    'Mobile/15E148 Safari/604.1'),
(152, 'Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36'),
(153, 'Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.1 '
    'like Chrome/120.0.6099 Safari/537.36'),
(154, 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 '
    'TV Safari/537.36'),
(155, 'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 '
    'WebAppManager'),
(156, 'Mozilla/5.0 (Linux; Android 11; BRAVIA 4K VH2) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 '
    'Safari/537.36'),
(201, 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'),
(202, 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)'),
(203, 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.2; +https://openai.com/gptbot'),
(204, 'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)'),
(205, 'Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)'),
(206, 'Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)'),
(207, 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)'),
(208, 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)'),
(209, 'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) '
    'Chrome/133.0.6943.53 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'),
(210, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 '
    'Safari/600.2.5 (Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)'),
(211, 'Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)'),
(212, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36'),
(213, 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot'),
(214, 'python-requests/2.32.3'),
(215, 'curl/8.5.0'),
(216, 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)');

-- Pages by rank, 1 the most visited; events choose among them by Zipf's law.
CREATE TEMP TABLE demo_page (page integer PRIMARY KEY, path text NOT NULL) ON COMMIT DROP;
INSERT INTO demo_page
SELECT page, coalesce((ARRAY[
    '/', '/pricing', '/it', '/features', '/it/prezzi', '/demo', '/blog', '/it/funzioni', '/integrations', '/faq',
    '/use-cases/restaurants', '/use-cases/medical', '/use-cases/real-estate', '/use-cases/law-firms', '/about',
    '/contact', '/it/demo', '/download', '/privacy', '/terms', '/it/contatti', '/de', '/de/preise', '/fr', '/fr/tarifs',
    '/es', '/es/precios', '/ja', '/ja/%E6%96%99%E9%87%91', '/partners', '/affiliate', '/whatsapp', '/webcall',
    '/security', '/careers', '/press', '/changelog', '/docs', '/docs/api', '/docs/getting-started/'])[page],
    CASE WHEN page % 3 = 0 THEN '/it' ELSE '' END || '/blog/'
    || (ARRAY['never-miss-a-call', 'ai-receptionist', 'gdpr', 'voicemail', 'small-business', 'call-routing',
    'opening-hours'])
    [1 + page % 7] || '-' || page) AS path
FROM generate_series(1, 400) AS page;

-- Ways to arrive, weight in about thousandths. recorded: where the UTM parameters are found: in the address and in the
-- columns (both), in the address only (url: an older tracker), in the columns only (columns: a tracker that writes text
-- for nothing). campaigns: how many numbered campaigns of that name there are, 0 for the name itself.
CREATE TEMP TABLE demo_arrival_kind (
    nr integer GENERATED ALWAYS AS IDENTITY,
    weight integer NOT NULL,
    referrer text,
    click text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    campaigns integer NOT NULL,
    recorded text NOT NULL
) ON COMMIT DROP;
INSERT INTO demo_arrival_kind
    (weight, referrer, click, utm_source, utm_medium, utm_campaign, utm_term, utm_content, campaigns, recorded)
VALUES
-- Nobody says from where.
(170, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(40, '', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, NULL, NULL, 'undefined', 'undefined', 'undefined', NULL, NULL, 0, 'columns'),
(2, '', NULL, 'null', '(not set)', '', NULL, NULL, 0, 'columns'),
-- Searches.
(140, 'https://www.google.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(60, 'https://www.google.it/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'http://www.google.de/search?q=anrufbeantworter+ki&hl=de', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'android-app://com.google.android.googlequicksearchbox/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(24, 'https://www.bing.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://www.bing.com/search?q=ai%20phone%20answering&form=QBLH', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(14, 'https://duckduckgo.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(5, 'https://it.search.yahoo.com/search?p=segretaria+virtuale', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'https://www.ecosia.org/search?q=mrcall', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(2, 'https://yandex.ru/search/?text=mrcall', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://search.brave.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
-- Advertising in searches, on video and on other sites.
(45, 'https://www.google.com/', 'gclid', 'google', 'cpc', 'brand_it', 'mrcall', 'ad_a', 12, 'both'),
(22, 'https://www.google.com/', 'gclid', NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(5, 'https://www.google.com/', 'gclid', 'google', 'CPC', 'Segreteria Virtuale è qui', 'segreteria virtuale', NULL, 3,
    'both'),
(5, 'https://www.google.it/', 'gbraid', NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://www.google.it/', 'wbraid', NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(8, 'https://www.google.com/', 'gclid', 'google', 'cpc', 'cross-network_pmax', NULL, NULL, 4, 'both'),
(4, 'https://www.google.com/', 'gclid', 'google', 'cpc', 'shopping_it', NULL, NULL, 2, 'both'),
(6, 'https://www.youtube.com/', 'gclid', 'youtube', 'cpv', 'video_launch', NULL, 'skippable', 5, 'both'),
(10, 'https://googleads.g.doubleclick.net/', 'dclid', 'dv360', 'display', 'retargeting', NULL, 'banner_300x250', 20,
    'both'),
(9, 'https://www.bing.com/', 'msclkid', NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(5, 'https://www.bing.com/', 'msclkid', 'bing', 'cpc', 'brand_uk', 'ai receptionist', NULL, 3, 'both'),
(5, 'https://www.google.com/', NULL, 'google', 'cpc', 'brand_old', NULL, NULL, 3, 'url'),
-- Social networks.
(22, 'https://l.facebook.com/l.php?u=https%3A%2F%2Fmrcall.ai%2F&h=AT0qN', 'fbclid', NULL, NULL, NULL, NULL, NULL, 0,
    'both'),
(4, 'https://m.facebook.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(30, 'https://l.facebook.com/', 'fbclid', 'facebook', 'paid_social', 'leads', NULL, 'carousel', 25, 'both'),
(4, NULL, 'fbclid', 'fb', 'paid', 'lookalike', NULL, NULL, 6, 'both'),
(11, 'https://l.instagram.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(11, 'https://l.instagram.com/', 'fbclid', 'instagram', 'paid_social', 'stories', NULL, 'story_1', 10, 'both'),
(14, 'https://www.linkedin.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://lnkd.in/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(7, 'https://www.linkedin.com/', 'li_fat_id', 'linkedin', 'cpc', 'decision_makers', NULL, NULL, 8, 'both'),
(9, 'https://t.co/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(2, 'https://t.co/', 'twclid', 'twitter', 'paid_social', 'launch', NULL, NULL, 2, 'both'),
(5, 'https://www.tiktok.com/', 'ttclid', 'tiktok', 'paid_social', 'spark', NULL, NULL, 6, 'both'),
(5, 'https://www.reddit.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(9, 'https://www.youtube.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(1, 'https://vimeo.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
-- Assistants.
(20, 'https://chatgpt.com/', NULL, 'chatgpt.com', NULL, NULL, NULL, NULL, 0, 'both'),
(4, NULL, NULL, 'chatgpt.com', NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'https://chatgpt.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(8, 'https://www.perplexity.ai/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(6, 'https://gemini.google.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(5, 'https://claude.ai/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'https://copilot.microsoft.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
-- Other sites.
(12, 'https://blog.ristoratori-digitali.example.it/segreteria-ai', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(8, 'https://www.studiomedico-pratico.example.com/strumenti', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(6, 'https://partner.example.co.uk/ai-tools-2026', NULL, 'partner_uk', 'referral', 'ai_tools', NULL, NULL, 0, 'both'),
(5, 'https://www.producthunt.com/products/mrcall', NULL, 'producthunt', NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://github.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'https://www.capterra.com/p/201/mrcall/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(4, 'https://it.trustpilot.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(2, 'https://www.amazon.it/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(8, 'https://dashboard.mrcall.ai/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
-- Messages, affiliates, audio, print.
(30, NULL, NULL, 'newsletter', 'email', 'weekly', NULL, 'top_link', 40, 'both'),
(4, 'https://mail.google.com/', NULL, 'Newsletter', 'E-Mail', 'onboarding', NULL, NULL, 5, 'both'),
(4, 'https://mail.google.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, NULL, NULL, 'newsletter', 'email', 'winback', NULL, NULL, 0, 'url'),
(2, NULL, 'gclid', 'newsletter', 'email', 'forwarded', NULL, NULL, 0, 'both'),
(8, 'https://www.affiliati.example.it/', NULL, 'affiliati', 'affiliate', 'partner', NULL, NULL, 15, 'both'),
(2, NULL, NULL, 'podcast', 'audio', 'founders_talk', NULL, NULL, 3, 'both'),
(3, NULL, NULL, 'brevo', 'sms', 'trial_ending', NULL, NULL, 0, 'both'),
(2, NULL, NULL, 'onesignal', 'push', 'news', NULL, NULL, 0, 'both'),
(3, NULL, NULL, 'flyer', 'qr', 'fair_milano', NULL, NULL, 0, 'both'),
-- Coming back from a payment or a login.
(8, 'https://checkout.stripe.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(7, 'https://accounts.google.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(3, 'https://appleid.apple.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both'),
(2, 'https://www.paypal.com/', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'both');

-- One row per slot: a visit draws a slot. Slot 0 is the visit without any origin. query ends with the campaign.
CREATE TEMP TABLE demo_arrival ON COMMIT DROP AS
SELECT
    (row_number() OVER (ORDER BY k.nr, n))::integer AS slot,
    k.referrer, k.click, k.campaigns,
    CASE WHEN k.recorded <> 'url' THEN k.utm_source END AS utm_source,
    CASE WHEN k.recorded <> 'url' THEN k.utm_medium END AS utm_medium,
    CASE WHEN k.recorded <> 'url' THEN k.utm_campaign END AS utm_campaign,
    CASE WHEN k.recorded <> 'url' THEN k.utm_term END AS utm_term,
    CASE WHEN k.recorded <> 'url' THEN k.utm_content END AS utm_content,
    CASE WHEN k.recorded <> 'columns' THEN replace(replace(concat_ws('&',
        'utm_source=' || k.utm_source, 'utm_medium=' || k.utm_medium, 'utm_term=' || k.utm_term,
        'utm_content=' || k.utm_content, 'utm_campaign=' || k.utm_campaign), ' ', '%20'), 'è', '%C3%A8')
    ELSE '' END AS query
FROM demo_arrival_kind k
CROSS JOIN LATERAL generate_series(1, k.weight) AS n;
INSERT INTO demo_arrival
SELECT 0, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, '';

-- Where businesses are; a business draws a slot.
CREATE TEMP TABLE demo_place (
    slot integer PRIMARY KEY, zone text NOT NULL, country text NOT NULL, dial text NOT NULL, language text NOT NULL,
    currency text NOT NULL
) ON COMMIT DROP;
INSERT INTO demo_place
SELECT
    row_number() OVER (ORDER BY p.nr, n), p.zone, p.country, p.dial, p.language, p.currency
FROM (
    VALUES
    (1, 20, 'Europe/Rome', 'IT', '+39', 'it-IT', 'eur'),
    (2, 8, 'America/New_York', 'US', '+1', 'en-US', 'usd'),
    (3, 3, 'Europe/London', 'GB', '+44', 'en-GB', 'eur'),
    (4, 3, 'Europe/Berlin', 'DE', '+49', 'de-DE', 'eur'),
    (5, 2, 'Asia/Tokyo', 'JP', '+81', 'ja-JP', 'jpy'),
    (6, 1, 'Asia/Kolkata', 'IN', '+91', 'en-IN', 'usd'),
    (7, 1, 'America/Sao_Paulo', 'BR', '+55', 'pt-BR', 'usd'),
    (8, 1, 'America/Los_Angeles', 'US', '+1', 'en-US', 'usd'),
    (9, 1, 'Australia/Lord_Howe', 'AU', '+61', 'en-AU', 'usd')
) AS p (nr, weight, zone, country, dial, language, currency)
CROSS JOIN LATERAL generate_series(1, p.weight) AS n;

ANALYZE demo_agent, demo_page, demo_arrival, demo_place;
SELECT
    (SELECT max(slot) FROM demo_arrival) AS arrivals,
    (SELECT max(page) FROM demo_page) AS pages,
    (SELECT max(slot) FROM demo_place) AS places \gset
