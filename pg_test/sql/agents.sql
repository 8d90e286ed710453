-- mrcall.is_bot, mrcall.device and mrcall.agent.
SELECT left(a.agent, 70) AS agent, mrcall.is_bot(a.agent), mrcall.device(a.agent), g.kind, g.name
FROM unnest(ARRAY[
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
    'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 Version/6.0 TV Safari/537.36',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)',
    'Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'curl/8.5.0',
    'python-requests/2.31.0',
    'CUBOT NOTE 20 phone: Mozilla/5.0 (Linux; Android 10; CUBOT) Mobile Safari/537.36',
    'something new',
    '',
    NULL
]) AS a (agent)
CROSS JOIN LATERAL mrcall.agent(a.agent) AS g;

-- Words inside other words, and the names that makers give to phones, are no bots.
SELECT right(a.agent, 60) AS agent, mrcall.is_bot(a.agent), mrcall.device(a.agent), g.kind, g.name
FROM unnest(ARRAY[
    'Mozilla/5.0 (Linux; Android 13; ruby Build/TP1A.220624.014) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 5.1; M bot 51) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 8.1; Spider 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 9; it-it; Expanse) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; U; Android 4.2.2; de-de; One X Build/htc_botdugls) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30',
    'HTC_botdugls/1.0 Mozilla/5.0 (Linux; U; Android 2.3; en-us) AppleWebKit/533.1 (KHTML, like Gecko) Mobile Safari/533.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0 Safari/537.36 Perla/1.0',
    'Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1',
    'iPhone14Pro'
]) AS a (agent)
CROSS JOIN LATERAL mrcall.agent(a.agent) AS g;

-- Assistants: who fetches for a person, and who collects; the name is the vendor's.
SELECT a.agent, g.kind, g.name, mrcall.is_bot(a.agent) AS is_bot, mrcall.device(a.agent) AS device
FROM unnest('{GPTBot/1.2,OAI-SearchBot/1.0,ChatGPT-User/1.0,ClaudeBot/1.0,Claude-User/1.0,Claude-SearchBot/1.0,PerplexityBot/1.0,
    Perplexity-User/1.0,Google-Extended,GoogleOther,GoogleOther-Image/1.0,Gemini-Deep-Research,Google-NotebookLM,Bytespider,CCBot/2.0,
    Amazonbot/0.1,Applebot-Extended/0.1,Applebot/0.1,meta-externalagent/1.1,meta-externalfetcher/1.1,MistralAI-User/1.0,
    DuckAssistBot/1.2,cohere-ai,YouBot/1.0,Diffbot/0.1,Google-CloudVertexBot}'::text[]) AS u (product)
CROSS JOIN LATERAL (SELECT 'Mozilla/5.0 (compatible; ' || u.product || '; +https://a.example/bot)' AS long, u.product AS agent) AS a
CROSS JOIN LATERAL mrcall.agent(a.agent) AS g
WHERE g.kind = (SELECT l.kind FROM mrcall.agent(a.long) AS l) AND g.name = (SELECT l.name FROM mrcall.agent(a.long) AS l);

-- Libraries, monitors, previews, crawlers, apps and browsers.
SELECT left(a.agent, 90) AS agent, g.kind, g.name, mrcall.is_bot(a.agent) AS is_bot, mrcall.device(a.agent) AS device
FROM unnest(ARRAY[
    'Java/1.8.0_181', 'Java/11.0.2', 'Java/21', 'Ruby', 'okhttp/4.12.0', 'python-httpx/0.27.0', 'axios/1.7.2', 'node',
    'Go-http-client/2.0', 'Wget/1.21.4', 'UptimeRobot/2.0', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'WhatsApp/2.23.20.0 A', 'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
    'Mozilla/5.0 (compatible; SomethingNobodyKnows/1.0; +http://a.example/about)', 'SomethingNobodyKnows/1.0', 'nobody-knows',
    'Mozilla/5.0 (compatible; Examplebot/1.0)', 'ExampleCrawler (https://a.example)', 'Examplespider/2.0',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Example Fetch/1.0)',
    'MyShop/4.2 (Linux; Android 13; SM-A536B) okhttp/4.9.3', 'MyShop/4.2 CFNetwork/1485 Darwin/23.1.0',
    'MyShop/4.2 (iPhone; iOS 17.0; Scale/3.00)',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0',
    'Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)', 'Mozilla/5.0 (compatible; Konqueror/4.5; FreeBSD) KHTML/4.5.4',
    'just some words', 'Mozilla/5.0', '-', E'\x01\x7f🦀'
]) AS a (agent)
CROSS JOIN LATERAL mrcall.agent(a.agent) AS g;

-- Devices.
SELECT substr(a.agent, 13, 50) AS agent, mrcall.device(a.agent)
FROM unnest(ARRAY[
    'Mozilla/5.0 (Linux; Android 12; AQUOS sense7 SH-53C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 9; AQUOS-TVE19A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0 Safari/537.36',
    'Mozilla/5.0 (SMART_TV; Linux; Tizen 4.0) AppleWebKit/538.1 (KHTML, like Gecko)',
    'Mozilla/5.0 (Linux; Android 9; MagentaTV Box Build/PI) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 11; 55UC9000-X Build/RP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 11; XY-LED32HD Build/RP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 11; Some Phone 32GB) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 6.0; Some Phone DTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 13; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 10; MyPad 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 10; Padfone 2) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 9; Chromebook 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Mobile Safari/537.36 Edge/15.15254',
    'Mozilla/5.0 (New Nintendo 3DS like iPhone) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0 Mobile NintendoBrowser/1.10',
    'Mozilla/5.0 (PlayStation 4 11.00) AppleWebKit/605.1.15 (KHTML, like Gecko)'
]) AS a (agent);

-- The beginning of a long text counts alone.
SELECT mrcall.is_bot(repeat('x ', 2040) || 'Googlebot'), mrcall.is_bot(repeat('x ', 2050) || 'Googlebot'),
       mrcall.agent(repeat('é', 3000)) AS cut_between_characters;

-- Long texts and odd bytes: an answer, never an error.
SELECT mrcall.is_bot(repeat('x', 1000000)), mrcall.device(E'\x01\x7f🦀'), mrcall.agent(repeat(' bot', 1000000)) AS agent;

-- Every event of the world has a device, and bots are bots to both functions.
SELECT count(*) > 0 AS some,
       count(*) FILTER (WHERE mrcall.device(e.user_agent) IS NULL
                        OR (mrcall.device(e.user_agent) = 'bot') IS DISTINCT FROM mrcall.is_bot(e.user_agent)
                        OR (g.kind IN ('bot', 'crawler', 'ai_crawler', 'ai_agent', 'library')) IS DISTINCT FROM mrcall.is_bot(e.user_agent))
           AS differ
FROM mrcall.events AS e
CROSS JOIN LATERAL mrcall.agent(e.user_agent) AS g;
