-- Buckets of more than a year begin where the buckets say that they begin, in all zones: also in those that gave up their clock changes.
SELECT w, count(*) > 2000 AS many,
       count(*) FILTER (WHERE mrcall.bucket(w, mrcall.bucket(w, t, z.name), z.name) <> mrcall.bucket(w, t, z.name)) AS wrong
FROM pg_catalog.pg_timezone_names AS z,
    unnest(ARRAY['14 months', '500 days', '2 years', '10 years']::interval[]) AS w,
    unnest(ARRAY['1999-07-01 12:00+00', '2016-01-01 12:00+00', '2022-06-01 12:00+00',
                 '2023-12-31 12:00+00', '2026-06-01 12:00+00']::timestamptz[]) AS t
WHERE z.name !~ '^(posix|right)/' AND z.name NOT IN ('localtime', 'posixrules')
GROUP BY w ORDER BY w;
SELECT t, mrcall.bucket('2 years', t, 'Asia/Amman') AS bucket
FROM unnest(ARRAY['2022-06-01 00:00+00', '2023-12-31 00:00+00']::timestamptz[]) AS t;

-- A misspelt name is no zone, though the server takes what ends in a digit as a rule.
SELECT mrcall.bucket('1 day', '2026-01-01 00:00+00', 'Europe/Rom3');
SELECT mrcall.bucket('1 day', '2026-01-01 00:00+00', 'Etc/GMT-3');
