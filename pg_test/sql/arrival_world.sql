-- mrcall.arrival on what the world sends today: one case for each kind, and how each kind may be missed.
\pset null '∅'

-- The medium and the networks' own names decide before a click id does.
SELECT c.what, a.channel, a.source, a.medium, a.rule
FROM (VALUES
    (1, 'display beside a gclid', NULL, 'https://mrcall.ai/?utm_source=google&utm_medium=display&gclid=a'),
    (2, 'affiliate beside a gclid', NULL, 'https://mrcall.ai/?utm_source=google&utm_medium=affiliate&gclid=a'),
    (3, 'organic beside a gclid', NULL, 'https://mrcall.ai/?utm_source=google&utm_medium=organic&gclid=a'),
    (4, 'paid as it is written', NULL, 'https://mrcall.ai/?utm_source=google&utm_medium=ppc&gclid=a'),
    (5, 'google_ads', NULL, 'https://mrcall.ai/?utm_source=google_ads&utm_medium=cpc&gclid=a'),
    (6, 'adwords', NULL, 'https://mrcall.ai/?utm_source=adwords&utm_medium=cpc'),
    (7, 'google-ad without a medium', NULL, 'https://mrcall.ai/?utm_source=google-ad'),
    (8, 'bing ads', NULL, 'https://mrcall.ai/?utm_source=Bing+Ads&utm_medium=cpc&msclkid=a'),
    (9, 'fb-ads', NULL, 'https://mrcall.ai/?utm_source=fb-ads&utm_medium=cpc&fbclid=a'),
    (10, 'an assistant''s medium', NULL, 'https://mrcall.ai/?utm_source=somebody&utm_medium=ai-assistant'),
    (11, 'a chatbot''s medium', NULL, 'https://mrcall.ai/?utm_medium=chatbot'),
    (12, 'a stale click id', NULL, 'https://mrcall.ai/?utm_source=linkedin&utm_medium=social&gclid=a'),
    (13, 'sccid', NULL, 'https://mrcall.ai/?sccid=x'),
    (14, 'ScCid', NULL, 'https://mrcall.ai/?ScCid=x'),
    (15, 'names in capitals', NULL, 'https://mrcall.ai/?UTM_SOURCE=bing&UTM_MEDIUM=CPC'),
    (16, 'a placeholder', NULL, 'https://mrcall.ai/?utm_source={{site_source_name}}&utm_medium=%7B%7Bplacement%7D%7D&gclid=a'),
    (17, 'a mail tool''s id', NULL, 'https://mrcall.ai/?mc_cid=x'),
    (18, 'an affiliate''s id', 'https://blog.example.org/', 'https://mrcall.ai/?irclickid=x'),
    (19, 'Matomo''s parameters', NULL, 'https://mrcall.ai/?mtm_source=news&mtm_medium=email&mtm_campaign=may'),
    (20, 'ref', NULL, 'https://mrcall.ai/?ref=producthunt'),
    (21, 'source beside a referrer', 'https://www.google.com/', 'https://mrcall.ai/?source=menu')
) AS c (n, what, referrer, page_url)
CROSS JOIN LATERAL mrcall.arrival(c.referrer, c.page_url) AS a
ORDER BY c.n;

-- Places.
SELECT r.referrer, a.channel, a.source, a.medium
FROM unnest(ARRAY['https://pplx.ai/', 'https://mail.google.com/', 'https://webmail.example.org/', 'https://deref-web.de/mail',
                  'https://mstdn.party/', 'https://lemmy.world/', 'https://meta.ua/', 'https://www.petalsearch.com/',
                  'https://search.seznam.cz/', 'https://mail.python.org/', 'https://mailing.example.org/',
                  'https://www.google.li/', 'https://x.li/'])
    WITH ORDINALITY AS r (referrer, n)
CROSS JOIN LATERAL mrcall.arrival(r.referrer, 'https://mrcall.ai/') AS a
ORDER BY r.n;

-- Search terms that are no UTF-8: the text where the charset is known, else NULL; no mojibake, no U+FFFD.
SELECT r.referrer, a.term
FROM unnest(ARRAY['http://yandex.ru/yandsearch?text=%EA%F3%EF%E8%F2%FC', 'http://nova.rambler.ru/search?query=%F2%E5%EB',
                  'http://search.yahoo.co.jp/search?p=%93%64%98%62', 'http://search.yahoo.co.jp/search?p=%C5%C5%CF%C3',
                  'http://search.naver.com/search.naver?query=%C0%FC%C8%AD', 'http://www.baidu.com/s?wd=%B5%E7%BB%B0',
                  'http://www.google.ru/search?q=%F2%E5%EB&ie=windows-1251', 'http://www.google.ru/search?q=%F2%E5%EB',
                  'http://yandex.ru/yandsearch?text=%D1%82%D0', 'http://yandex.ru/yandsearch?text=%D1%82', 'http://lookany.com/?q=%FC'])
    WITH ORDINALITY AS r (referrer, n)
CROSS JOIN LATERAL mrcall.arrival(r.referrer, 'https://mrcall.ai/') AS a
ORDER BY r.n;

-- An own page that somebody else shows is no other site, in either place; another's there is what it is.
SELECT c.referrer, c.page_url, a.channel, a.source, mrcall.is_arrival(c.referrer, c.page_url)
FROM (VALUES
    (1, 'chrome-extension://klbibkeccnjlkjkiokjodocebajanakg/suspended.html#uri=https://mrcall.ai/pricing', 'https://mrcall.ai/'),
    (2, 'moz-extension://1b2c3d4e-1111-2222-3333-444455556666/page.html', 'https://mrcall.ai/'),
    (3, 'https://mrcall-ai.cdn.ampproject.org/', 'https://mrcall.ai/'),
    (4, 'https://www.google.com/amp/s/mrcall.ai/pricing', 'https://mrcall.ai/'),
    (5, 'https://www.google.com/amp/s/blog.example.org/post', 'https://mrcall.ai/'),
    (6, 'https://dashboard-mrcall-ai.translate.goog/?_x_tr_sl=en', 'https://mrcall.ai/'),
    (7, 'https://translate.google.it/translate?u=https%3A%2F%2Fmrcall.ai%2F', 'https://mrcall.ai/'),
    (8, 'https://web.archive.org/web/2026/https://mrcall.ai/', 'https://mrcall.ai/'),
    (9, 'https://mrcall.ai/', 'https://mrcall-ai.translate.goog/pricing'),
    (10, 'https://www.google.com/', 'https://mrcall-ai.cdn.ampproject.org/c/s/mrcall.ai/'),
    (11, 'https://blog-example-org.translate.goog/', 'https://mrcall-ai.translate.goog/'),
    (12, 'chrome://newtab/', 'https://mrcall.ai/')
) AS c (n, referrer, page_url)
CROSS JOIN LATERAL mrcall.arrival(c.referrer, c.page_url) AS a
ORDER BY c.n;

-- The same in the views: the touches of page views that somebody else shows, whose path says whose they are.
INSERT INTO public.website_events (session_id, created_at, page_url, referrer)
SELECT 'shown-' || n, timestamptz '2033-05-01 10:00+00' + n * interval '1 day', p.page_url, p.referrer
FROM (VALUES
    (1, 'https://web.archive.org/web/2026/https://mrcall.ai/', 'https://mrcall.ai/'),
    (2, 'https://web.archive.org/web/2026/https://blog.example.org/', 'https://mrcall.ai/'),
    (3, 'https://mrcall.ai/?ref=header', 'https://mrcall.ai/'),
    (4, 'https://mrcall.ai/?MTM_CAMPAIGN=may', 'https://mrcall.ai/'),
    (5, 'https://mrcall.ai/?mc_cid=1', NULL),
    (6, 'https://mrcall.ai/?mc_cid=2', NULL)) AS p (n, page_url, referrer);
SELECT visitor_id, channel, source, medium, campaign, rule FROM mrcall.visits WHERE visitor_id LIKE 'shown-%' ORDER BY visitor_id;
