-- Values out of malformed JSON: what does not parse is NULL, never an error.
\pset null '∅'

SET timezone = 'Europe/Rome';
SELECT v.value, mrcall.try_timestamptz(v.value) AT TIME ZONE 'UTC' AS utc
FROM unnest(ARRAY['2026-03-29T02:30:00Z', '2026-03-29 02:30', '2026-03-29', '2026-03-29T02:30:00+02:00', '2026-03-29T02:30:00.1234567Z',
                  '1774751400', '1774751400123', '1774751400123456', ' 2024-02-29T24:00:00Z ', '2023-02-29', '2026-13-01', 'infinity',
                  'Sun, 29 Mar 2026 02:30:00 +0000', 'Sunday, 29-Mar-26 02:30:00 GMT', 'Sun Mar 29 02:30:00 2026', '20260329T023000Z',
                  'Sat, 28 Mar 2026 21:30:00 EST', '2026-03-29 04:30:00+02:00[Europe/Rome]', 'Mon, 29 Mar 2026 02:30:00 +0000',
                  '20260329', '20260329023000', '1774751400.5',
                  'now', 'yesterday', '29/03/2026', '', '-1', '17747514001234567', '2026-03-29T02:30:00+99:00', NULL]) AS v (value);
RESET timezone;

-- What it takes, the server takes too, and means the same.
SET LOCAL timezone = 'UTC';
SELECT count(*) > 100 AS some, count(*) FILTER (WHERE mrcall.try_timestamptz(t.at::text) IS DISTINCT FROM t.at) AS differ
FROM (SELECT '1999-12-31 23:59:59.999999+00'::timestamptz + n * n * '7 hours 13.000007 seconds'::interval AS at
      FROM generate_series(0, 1000) AS n) AS t;

SELECT v.value, mrcall.try_numeric(v.value) AS number, mrcall.try_bigint(v.value) AS big, mrcall.try_int(v.value) AS small
FROM unnest(ARRAY['0', '-12', ' 7 ', '1.50', '1e3', '.5', '5.', '2147483647', '2147483648', '9223372036854775807',
                  '9223372036854775808', '-9223372036854775808', 'NaN', 'Infinity', '0x10', '1_000', '1,5', '', '-',
                  'e5', '1e999', '12 apples', NULL]) AS v (value);
SELECT length(mrcall.try_numeric(repeat('9', 1000))::text) AS longest, mrcall.try_numeric(repeat('9', 1001)) AS too_long;

SELECT v.value, mrcall.try_boolean(v.value)
FROM unnest(ARRAY['true', 'T', 'yes', 'on', '1', 'false', 'F', 'No', 'off', '0', ' true ', 'tru', '2', '', NULL]) AS v (value);

SELECT c.currency, mrcall.currency_exponent(c.currency)
FROM unnest(ARRAY['EUR', 'eur', 'USD', 'JPY', 'jpy', 'KWD', 'ISK', 'UGX', 'XXX', '', NULL]) AS c (currency);

-- The payload of a signed notification, and all that is none.
SELECT v.what, mrcall_internal.jws_payload(v.value)
FROM (VALUES
    (1, 'signed', 'e30.' || translate(encode('{"a":1,"b":"è"}', 'base64'), '+/=', '-_') || '.sig'),
    (2, 'two parts', 'e30.e30'),
    (3, 'four parts', 'a.e30.b.c'),
    (4, 'no JSON', 'e30.bm90IGpzb24.sig'),
    (5, 'no base64', 'e30.***.sig'),
    (6, 'NUL in a string', 'e30.' || translate(encode(convert_to('{"a":"\u0000"}', 'UTF8'), 'base64'), '+/=', '-_') || '.sig'),
    (7, 'empty', ''),
    (8, 'NULL', NULL)
) AS v (n, what, value) ORDER BY v.n;

-- The browsers of a customer's document, in order of first linking, each once.
SELECT d.document, mrcall_internal.website_session_ids(d.document)
FROM unnest(ARRAY[
    '{"website_session_id": "b", "website_session_ids": ["a", "b"]}',
    '{"website_session_id": "c", "website_session_ids": ["b", "a", "b"]}',
    '{"website_session_id": "only"}',
    '{"website_session_ids": ["a", 7, null, "", ["x"], {"y": 1}, "z"]}',
    '{"website_session_ids": "no array"}',
    '{"website_session_id": 7, "website_session_ids": {"a": 1}}',
    '{}', '[]', '"text"', 'null', NULL
]::jsonb[]) AS d (document);

-- A reference in a Stripe document: an id, or the whole object.
SELECT r.reference, mrcall_internal.stripe_id(r.reference)
FROM unnest(ARRAY['"sub_1"', '{"id": "sub_1", "object": "subscription"}', '{}', '7', 'null', '[]', NULL]::jsonb[]) AS r (reference);

-- mrcall_internal.text_items is ARRAY(SELECT jsonb_array_elements_text(…)) without a subquery: every kind of element, nested, many,
-- compressed and out of line.
CREATE TABLE public.item_list (nr int, doc jsonb);
INSERT INTO public.item_list VALUES (-1, '[]'), (-2, '{}'), (-3, '"x"'), (-4, '7'), (-5, 'null'), (-6, NULL), (-7, '[null]'), (-8, '[[]]'),
    (-9, '["", null, true, false, 0, -1.50, 1e400, "é\n\"\\", [1, ["a"]], {"b": [2]}, {}]');
SELECT setseed(0.5);
INSERT INTO public.item_list
SELECT n, (SELECT jsonb_agg(CASE floor(random() * 7 + 0 * m) WHEN 0 THEN 'null' WHEN 1 THEN 'true' WHEN 2 THEN to_jsonb(random()::numeric)
               WHEN 3 THEN to_jsonb(repeat(chr(97 + (m % 26)), (random() * 40)::int)) WHEN 4 THEN jsonb_build_array(m, 'x')
               WHEN 5 THEN jsonb_build_object('k', m) ELSE to_jsonb('text ' || m) END)
           FROM generate_series(1, (random() ^ 4 * 3000)::int + 0 * n) AS m)
FROM generate_series(1, 300) AS n;
SELECT count(*) AS lists, max(jsonb_array_length(doc)) > 1000 AS has_long, count(DISTINCT pg_column_compression(doc)) AS compressions,
       max(pg_column_size(doc)) > 8000 AS has_large
FROM public.item_list WHERE jsonb_typeof(doc) = 'array';
SELECT count(*) FILTER (WHERE mrcall_internal.text_items(doc) IS DISTINCT FROM
                              CASE WHEN jsonb_typeof(doc) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(doc)) END) AS differences
FROM public.item_list;
SELECT nr, mrcall_internal.text_items(doc) FROM public.item_list WHERE nr < 0 ORDER BY nr DESC;
-- No column of a source is a subquery: TimescaleDB loses it on the way to the workers of partial aggregates over chunks.
SELECT count(*) AS views, count(*) FILTER (WHERE pg_get_viewdef(c.oid) ~ '\( *SELECT') AS with_subquery
FROM mrcall_internal.source_tables() AS t JOIN pg_class AS c ON c.oid = to_regclass('mrcall.' || t.logical_table);
