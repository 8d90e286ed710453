-- mrcall.url_host, url_domain, url_path and url_param.
\pset null '∅'

SELECT u.url, mrcall.url_host(u.url), mrcall.url_domain(u.url), mrcall.url_path(u.url)
FROM unnest(ARRAY[
    'https://www.Example.COM:8443/a/b?c=d#e',
    'http://user:secret@shop.example.co.uk',
    '//cdn.example.org/x.js',
    'https://one.github.io/',
    'https://bücher.example/straße',
    'https://www.example.org./a',
    'http://192.0.2.7/x',
    'http://[2001:DB8::1]:80/x',
    'android-app://com.google.android.gm/',
    'https://localhost/a',
    'https://com/',
    'http://evil.example\@good.example/',
    '  https://example.org/a b  ',
    '/only/a/path?x=1',
    'file:///etc/hosts'
]) AS u (url);

-- No URL: NULL, never an error.
SELECT u.url, mrcall.url_host(u.url), mrcall.url_domain(u.url), mrcall.url_path(u.url), mrcall.url_param(u.url, 'a')
FROM unnest(ARRAY[NULL, '', 'example.org', 'mailto:a@example.org', 'http://', 'https://exa mple.org/', 'http://1.2.3', 'http://[::1',
                  'http://a..b/', 'http://example.org:99999/', 'javascript:alert(1)']) AS u (url);

-- A parameter: the first of its name, decoded; empty without a value, NULL when absent.
SELECT p.name, mrcall.url_param('https://example.org/?a=1&b=x%20y+z&b=2&c&d=&%65=f%C3%A9&g=%&h=%zz&i=%ff&j=%00#a=9', p.name)
FROM unnest(ARRAY['a', 'b', 'c', 'd', 'e', 'g', 'h', 'i', 'j', 'z', 'A', '', NULL]) AS p (name);
SELECT mrcall.url_param('/path?a=1', 'a') AS path, mrcall.url_param('?a=1', 'a') AS query, mrcall.url_param('a=1', 'a') AS neither,
       mrcall.url_param('https://example.org/#?a=1', 'a') AS fragment;

-- Very long texts.
SELECT length(mrcall.url_path('https://example.org/' || repeat('x', 1000000))) AS path,
       mrcall.url_host('https://' || repeat('a', 300) || '.com/') AS host,
       length(mrcall.url_param('https://example.org/?' || repeat('b=1&', 100000) || 'a=' || repeat('y', 100000), 'a')) AS value;
