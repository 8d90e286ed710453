-- The expressions of a view that attach makes over such documents.
-- @before
CREATE UNLOGGED TABLE IF NOT EXISTS bench_document AS
SELECT n AS id, jsonb_build_object('end_timestamp', '2026-05-01T10:00:00.123Z', 'answered', n % 3 > 0, 'caller', '+39' || n,
           'outcome', 'completed', 'medium', 'phone', 'language', 'it-IT',
           'transcript', (SELECT jsonb_agg(jsonb_build_object('role', CASE t % 2 WHEN 0 THEN 'caller' ELSE 'assistant' END, 'at', t * 3.1,
                                               'text', 'I would like to book a table for ' || t || ' at ' || md5((n * t)::text)))
                          FROM generate_series(1, 120) AS t)) AS data
FROM generate_series(1, 10000) AS n;
-- @run
SELECT count(*) AS calls, sum(octet_length(mrcall_internal.field(data, '{outcome}'))) AS outcomes,
       sum(octet_length(mrcall_internal.field(data, '{caller}'))) AS callers, sum(octet_length(mrcall_internal.field(data,
           '{medium}'))) AS media,
       sum(octet_length(mrcall_internal.field(data, '{language}'))) AS languages,
       count(mrcall_internal.field_timestamptz(data, '{end_timestamp}')) AS ended,
       count(*) FILTER (WHERE mrcall_internal.field_boolean(data, '{answered}')) AS answered
FROM bench_document
