-- Fields of JSONB documents that differ by release: where each is found, what does not parse, large and deep documents.
SET client_min_messages = warning;
CREATE TABLE public.talks (nr bigint, shop text, "from" timestamptz, doc jsonb, "Vars" jsonb);
INSERT INTO public.talks VALUES
    (1, 'a', '2026-05-08 09:00Z', '{"end": "2026-05-08T09:02:00Z", "result": {"code": "OK"}, "who": [{"tel": "+39 1"}], "via": "sip"}',
        '{"path": ["start", "greeting"]}'),
    (2, 'a', '2026-05-08 09:01Z', '{"v": 2, "ended_unix": 1778230920.5, "code": "KO", "caller": "+39 2"}', '{"at": "start"}'),
    (3, 'a', '2026-05-08 10:00Z', '{"v": 3, "seconds": 90.25, "result": {"code": null}, "code": "?", "who": []}', '{"path": []}'),
    -- The wrong type of JSON everywhere. The first place that says something decides, whether it parses or not.
    (4, 'b', '2026-05-08 11:00Z', '{"end": "soon", "ended_unix": 1778230920, "result": {"code": {"a": 1}}, "who": {"tel": 7}, "via": true}',
        '{"path": "start"}'),
    (5, 'b', '2026-05-08 12:00Z', '[1, 2]', '"text"'), (6, 'b', '2026-05-08 13:00Z', '7', NULL),
    (7, 'b', '2026-05-08 14:00Z', NULL, 'null'),
    (8, 'b', '2026-05-08 15:00Z', '{"seconds": "1e400", "who": [{"tel": null}, {"tel": "+39 8"}]}', '{"path": ["a", 1, null, {"b": 2}]}'),
    (9, 'b', '2026-05-08 16:00Z', '{"seconds": -60, "code": "", "via": 12.50}', '{}');
SELECT mrcall.attach($${"calls": {"table": "public.talks", "columns": {
    "call_id": "nr", "business_id": "shop", "owner": null, "started_at": "from", "data": "doc", "state_variables": "Vars",
    "ended_at": {"path": "$.end", "fallback": [{"path": "$.ended_unix", "type": "unix-seconds"},
                                               {"path": ["seconds"], "type": "interval-seconds"}]},
    "outcome": {"path": "$.result.code", "fallback": "$.code", "map": {"OK": "answered", "KO": "missed"}},
    "answered": {"path": "$.result.code", "fallback": [["code"]], "map": {"OK": true, "*": "no"}},
    "caller": [{"path": "$.caller"}, {"path": "$.who[*].tel ? (@ != null)", "in": "doc"}],
    "medium": ["$.via", {"constant": "phone"}],
    "language": {"constant": "it"},
    "last_state": {"path": "$.at", "in": "state_variables", "fallback": {"path": "$.path[last]", "in": "Vars"}},
    "states": {"path": "$.path", "in": "Vars"}}}}$$);
SELECT call_id, ended_at, outcome, answered, caller, medium, language, last_state, transferred, states FROM mrcall.calls ORDER BY 1;
-- Nothing is dropped, and each value that does not parse is counted, with an example and the statement that shows it.
SELECT (SELECT count(*) FROM mrcall.calls) = (SELECT count(*) FROM public.talks) AS complete;
SELECT object, finding, fix FROM mrcall.doctor() WHERE object LIKE 'calls.%' AND finding ~ 'parse|objects';
SELECT fix FROM mrcall.doctor() WHERE object = 'calls.ended_at' AND finding ~ 'parse' \gexec
-- What is kept can be given to attach again.
CREATE TEMP TABLE before_it AS SELECT pg_get_viewdef('mrcall.calls'::regclass) AS definition;
SELECT mrcall.attach(jsonb_build_object('calls', jsonb_build_object('table', s.relation, 'columns', s.columns)))
FROM mrcall.source AS s WHERE s.logical_table = 'calls';
SELECT definition = pg_get_viewdef('mrcall.calls'::regclass) AS same FROM before_it;
SELECT columns -> 'medium' AS medium, columns -> 'call_id' AS call_id FROM mrcall.source WHERE logical_table = 'calls';
-- Other logical tables, an array of texts by JSONPath, a document by its physical name, a mixed-case one.
SELECT mrcall.attach($${"businesses": {"table": "public.talks", "columns": {
    "business_id": "nr", "owner": {"path": ["who", 0, "tel"], "in": "doc"}, "template": {"path": ["who", -1, "tel"], "in": "doc"},
    "created_at": "from", "subscription_status": {"path": "$.\"path\"", "in": "Vars"}, "stripe_customer_id": null, "zone": null}},
  "customers": {"table": "public.talks", "columns": {"customer_id": "nr", "created_at": "from", "document": "doc", "role": null,
    "realm": {"path": "$.v", "type": "numeric"}, "website_session_ids": {"path": "$.who[*].tel"}}}}$$);
SELECT business_id, owner, template, subscription_status FROM mrcall.businesses ORDER BY 1;
SELECT customer_id, realm, website_session_ids FROM mrcall.customers ORDER BY 1;

-- Mappings that are none. Every field of every place is looked at.
CREATE FUNCTION pg_temp.with_field(field text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('calls', jsonb_build_object('columns', jsonb_build_object('outcome', field::jsonb)))
$$;
SELECT mrcall.attach(pg_temp.with_field('{}'));
SELECT mrcall.attach(pg_temp.with_field('[]'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "key": "b"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "constant": "b"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "result.code"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a[", "type": "text"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": ""}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": []}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": ["a", null]}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": 7}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": null}'));
SELECT mrcall.attach(pg_temp.with_field('["$.a", "b"]'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "fallback": null}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "fallback": [{"path": "$.b", "fallback": []}]}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "fallback": [{"constant": null}]}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "in": 7}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "in": "documents"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "in": "id"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "type": "date"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "type": "unix-seconds"}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "map": {}}'));
SELECT mrcall.attach(pg_temp.with_field('{"path": "$.a", "map": {"OK": null}}'));
SELECT mrcall.attach('{"calls": {"columns": {"ended_at": {"path": "$.a", "fallback": {"constant": "tomorrow"}}}}}');
SELECT mrcall.attach('{"calls": {"columns": {"states": {"path": "$.a", "map": {"a": "b"}}}}}');
SELECT mrcall.attach('{"businesses": {"columns": {"owner": {"path": "$.a"}}}}');

-- A path is a value, never SQL.
SELECT mrcall.attach(jsonb_build_object('calls', jsonb_build_object('columns', jsonb_build_object(
    'outcome', jsonb_build_object('path', ARRAY[$q$x'; DROP TABLE public.talks; --$q$]),
    'caller', jsonb_build_object('path', $q$$."it's \"odd\""$q$),
    'language', jsonb_build_object('path', '$.a', 'map', jsonb_build_object($q$'$q$, $q$''"\$q$))))));
INSERT INTO public.sessions (id, start_timestamp, data) VALUES ('odd', '2026-05-09Z', $${"it's \"odd\"": 5, "a": "'"}$$);
SELECT outcome, caller, language FROM mrcall.calls WHERE call_id = 'odd';
SELECT to_regclass('public.talks') IS NOT NULL AS still_there;
SELECT mrcall.attach();

-- Random documents of all sizes (seed 11), plain, compressed and stored elsewhere: field by field what ->> says.
CREATE TABLE public.sized (nr int, doc jsonb);
INSERT INTO public.sized
SELECT n, jsonb_build_object('k', n, 'pad', CASE WHEN n % 3 = 0 THEN repeat(md5(n::text), (hashint4extended(n, 11) & 1023)::int)
    ELSE (SELECT string_agg(md5((n * m)::text), '') FROM generate_series(1, (hashint4extended(n, 11) & 255)::int) AS m) END)
    || CASE n % 5 WHEN 0 THEN '{}' WHEN 1 THEN jsonb_build_object('v', n / 7.0) WHEN 2 THEN jsonb_build_object('v', ARRAY[n])
                  ELSE jsonb_build_object('v', md5(n::text)) END
FROM generate_series(1, 600) AS n;
ALTER TABLE public.sized ALTER COLUMN doc SET STORAGE EXTERNAL;
INSERT INTO public.sized SELECT nr + 600, doc FROM public.sized WHERE nr % 4 = 0;
SELECT count(*) AS documents, count(DISTINCT pg_column_compression(doc)) AS compressed, max(pg_column_size(doc)) > 8000 AS large,
       count(*) FILTER (WHERE (mrcall_internal.document(doc) ->> 'v', mrcall_internal.document(doc) ->> 'k',
           mrcall_internal.document(doc) -> 'pad')
                              IS DISTINCT FROM (doc ->> 'v', doc ->> 'k', doc -> 'pad')) AS differences,
       count(*) FILTER (WHERE mrcall_internal.unpacked(doc) <> doc) AS other_documents
FROM public.sized;
-- Two documents of a row in turn, a document that a statement changes, and one that is NULL.
SELECT count(*) > 100 AS compared,
       count(*) FILTER (WHERE mrcall_internal.document(a.doc) ->> 'k' <> (a.doc ->> 'k')
                         OR mrcall_internal.document(b.doc) ->> 'k' <> (b.doc ->> 'k')
                           OR mrcall_internal.document(a.doc) ->> 'pad' <> (a.doc ->> 'pad')) AS differences
FROM public.sized AS a JOIN public.sized AS b ON b.nr = a.nr + 1;
UPDATE public.sized SET doc = jsonb_set(mrcall_internal.document(doc), '{k}', to_jsonb('new-' || (mrcall_internal.document(doc) ->> 'k')));
SELECT count(*) FILTER (WHERE mrcall_internal.document(doc) ->> 'k' LIKE 'new-%') = count(*) AS all_new FROM public.sized;
SELECT mrcall_internal.unpacked(NULL) IS NULL AS none;

-- Fields as ->> and #>> say them: random documents (seed 12) of up to 150 keys of all lengths, with values of every kind, of other
-- shapes than the one before; paths that are constants, and paths of a table.
CREATE TABLE public.shapes AS
SELECT n AS nr, CASE WHEN n % 11 = 0 THEN jsonb_build_array(part.doc, n, NULL, 'x') WHEN n % 13 = 0 THEN to_jsonb(n)
                     ELSE part.doc END AS doc
FROM generate_series(1, 3000) AS n
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_object_agg(left(repeat('key' || m, 9), 3 + m % 25), CASE h & 7
               WHEN 0 THEN to_jsonb(h) WHEN 1 THEN to_jsonb(h > 0) WHEN 2 THEN 'null' WHEN 3 THEN to_jsonb(h / 7.0)
               WHEN 4 THEN jsonb_build_object('a', h, 'b', jsonb_build_array(h, 'é"' || h))
               WHEN 5 THEN to_jsonb(timestamptz '2026-05-08Z' - h * interval '1 s')
               WHEN 6 THEN '[]' ELSE to_jsonb(repeat(h::text, (h & 63)::int)) END), '{}') AS doc
    FROM (SELECT m, hashint4extended(n * 1000 + m, 12) >> 40 AS h
          FROM generate_series(1, (hashint4extended(n, 12) & 255)::int % CASE WHEN n % 3 = 0 THEN 150 ELSE 9 END) AS m
          WHERE n % 5 > 0 OR (n + m) % 3 > 0) AS v) AS part;
CREATE TABLE public.path AS
SELECT CASE m % 4 WHEN 0 THEN ARRAY[key, 'b', '1'] WHEN 1 THEN ARRAY[key, 'b', '-1'] ELSE ARRAY[key] END AS path
FROM (SELECT m, left(repeat('key' || m, 9), 3 + m % 25) AS key FROM generate_series(1, 155) AS m) AS k
UNION ALL VALUES ('{0,key1}'::text[]), ('{-4,key2}'), ('{1}'), ('{ +1}'), ('{3}'), ('{4}'), ('{-5}'), ('{2}'), ('{99999999999}'), ('{""}');
CREATE FUNCTION pg_temp.differences(path text, tables text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('SELECT count(*) FILTER (WHERE mrcall_internal.field(doc, %1$s) IS DISTINCT FROM doc #>> %1$s '
                   'OR mrcall_internal.field_timestamptz(doc, %1$s) IS DISTINCT FROM mrcall.try_timestamptz(doc #>> %1$s) '
                   'OR mrcall_internal.field_boolean(doc, %1$s) IS DISTINCT FROM mrcall.try_boolean(doc #>> %1$s)) FROM %2$s', path, tables)
    INTO found;
    RETURN found;
END
$$;
SELECT count(*) AS read, count(doc #>> path) > 20000 AS texts, count(mrcall.try_timestamptz(doc #>> path)) > 1000 AS instants,
       count(mrcall.try_boolean(doc #>> path)) > 1000 AS truths FROM public.shapes, public.path;
SELECT pg_temp.differences('path', 'public.shapes, public.path');
SELECT sum(pg_temp.differences(quote_literal(path), 'public.shapes')) AS differences FROM public.path;
SELECT sum(pg_temp.differences(quote_literal(ARRAY[key]), 'public.sized')) AS differences FROM unnest('{v,k,pad,none}'::text[]) AS key;
SELECT mrcall_internal.field(NULL, '{a}') IS NULL AND mrcall_internal.field('{"a": 1}', '{NULL}') IS NULL
       AND mrcall_internal.field('{"a": 1}', '{}') IS NULL AS none;

-- 10 MB, and 10,000 levels: read like any other, and counted by doctor.
INSERT INTO public.sessions (id, start_timestamp, data)
SELECT 'large', '2026-05-09Z', jsonb_build_object('caller', '+large', 'end_timestamp', 'never', 'transcript',
    (SELECT jsonb_agg(md5(n::text)) FROM generate_series(1, 300000) AS n));
INSERT INTO public.sessions (id, start_timestamp, data)
VALUES ('deep', '2026-05-09Z', ('{"caller": "+deep", "end_timestamp": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
SELECT call_id, caller, ended_at, answered, outcome, pg_column_size(data) > 1000000 AS large FROM mrcall.calls
WHERE call_id IN ('large', 'deep') ORDER BY 1;
SELECT finding ~ 'do not parse' AS counted, length(finding) < 200 AS short FROM mrcall.doctor() WHERE object = 'calls.ended_at' ORDER BY 1;
SELECT count(*) > 0 AS works FROM mrcall.call_summary('1 day', '2026-05-09Z', '2026-05-10Z');
