-- Questions about calls read what they ask about: a few calls in their order by the index, those of one business, each business's
-- first and last. The answers are those of plain SQL over the tables.
\pset footer off
\set seed `echo ${SEED:-20261201}`
\echo seed :seed
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'Asia/Kathmandu';
CREATE SCHEMA own;
CREATE TABLE own.sessions (LIKE public.sessions INCLUDING DEFAULTS);
CREATE TABLE own.contact (LIKE public.contact INCLUDING DEFAULTS);
CREATE TABLE own.phones (LIKE public.phone_details);
SELECT mrcall.attach('{"calls": {"table": "own.sessions"}, "contacts": {"table": "own.contact"}, "phones": {"table": "own.phones"}}')
\g /dev/null

-- Businesses T-1 to T-20 have most of the calls; others a few, of late, long ago, in the archive or deleted; some ids are nobody's.
CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT k.id FROM (SELECT format('T-%s', n) FROM generate_series(1, 40) AS n
                  UNION ALL SELECT unnest(ARRAY['', ' ', 'T-''"\', 'T-été', 'T-ETE', 'T-ete', 't-1', '😀'])) AS k (id);
INSERT INTO public.business (business_id, owner, time_zone, created_at)
SELECT k.id, (SELECT max(c.id COLLATE "C") FROM public.customers_registry AS c), 'Europe/Rome', '2025-01-01Z' FROM known AS k;
CREATE TEMP TABLE called ON COMMIT DROP AS
SELECT row_number() OVER () AS nr, c.id
FROM (SELECT k.id FROM known AS k WHERE k.id <> ALL ('{T-38,T-39,T-40,T-ete}')
      UNION ALL SELECT unnest(ARRAY['nobody', 'Nobody', '=', NULL])) AS c (id);
CREATE FUNCTION pg_temp.h(n bigint, k int, seed bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT abs(hashint8extended(n, seed + k)) $$;
INSERT INTO own.sessions (id, business_id, start_timestamp, data)
SELECT format('a-%s', n), format('T-%s', 1 + pg_temp.h(n, 1, :seed) % 20),
       timestamptz '2025-01-01Z' + (pg_temp.h(n, 2, :seed) % 10000) * interval '73 minutes',
       jsonb_build_object('answered', n % 3 = 0, 'caller', '+39061' || (1000000 + pg_temp.h(n, 3, :seed) % 5000), 'pad', repeat('x', 200))
FROM generate_series(1, 60000) AS n;
-- Of late, or long ago alone.
INSERT INTO own.sessions (id, business_id, start_timestamp, data)
SELECT format('b-%s', n), c.id,
       CASE WHEN c.nr % 3 = 0 THEN timestamptz '2025-02-01Z' ELSE timestamptz '2026-04-01Z' END
           + (pg_temp.h(n, 4, :seed) % 2000) * interval '30 minutes', jsonb_build_object('caller', '+39061' || (1000000 + n % 40))
FROM generate_series(1, 700) AS n
JOIN called AS c ON c.nr = 1 + pg_temp.h(n, 5, :seed) % (SELECT count(*) FROM called)
WHERE c.id IS NULL OR c.id !~ '^T-(1?[0-9]|20)$';
INSERT INTO mrcall.session_archive (business_id, started_at, call_id, answered, caller)
SELECT c.id, timestamptz '2024-06-01Z' + (pg_temp.h(n, 6, :seed) % 90000) * interval '11 minutes', format('c-%s', n), true, '+390619'
FROM generate_series(1, 4000) AS n
JOIN called AS c ON c.nr = 1 + pg_temp.h(n, 7, :seed) % (SELECT count(*) FROM called)
WHERE c.id IS NOT NULL AND c.nr % 2 = 0;
INSERT INTO mrcall_internal.first_call (business_id, call_id, first_call_at)
SELECT i.id, 'd', '2024-01-01Z' FROM unnest('{T-3,T-33,T-39,T-été}'::text[]) AS i (id);
-- The address books of others.
INSERT INTO own.contact (contact_id, business_id, display_name)
SELECT format('k-%s', n), format('T-%s', 1 + n % 40), 'C' FROM generate_series(1, 20000) AS n;
INSERT INTO own.phones (id, number, contact_id, country_alpha2, number_type)
SELECT n, CASE WHEN n % 2 = 0 THEN '+39 061 ' ELSE '0039061' END || (1000000 + n % 9000), format('k-%s', n), 'IT', 'mobile'
FROM generate_series(1, 20000) AS n;
CREATE INDEX ON own.sessions (id);
CREATE INDEX ON own.sessions (start_timestamp);
CREATE INDEX of_business ON own.sessions (business_id, start_timestamp);
CREATE INDEX ON own.contact (contact_id);
CREATE INDEX ON own.phones (mrcall.caller_id(number));
ANALYZE own.sessions, own.contact, own.phones, mrcall.session_archive, public.business;

CREATE TEMP TABLE call ON COMMIT DROP AS
SELECT s.id AS call_id, s.business_id, s.start_timestamp AS started_at, (s.data ->> 'answered')::boolean AS answered FROM own.sessions AS s
UNION ALL SELECT a.call_id, a.business_id, a.started_at, a.answered FROM mrcall.session_archive AS a;

-- Pages that a statement reads.
CREATE FUNCTION pg_temp.pages(query text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END $$;
-- Those that it may: the table has more than ten times as many.
SELECT pg_relation_size('own.sessions') / 8192 / 10 > 200 AS is_large;
CREATE FUNCTION pg_temp.reads(query text, most bigint) RETURNS text
LANGUAGE sql AS $$ SELECT CASE WHEN p.pages <= most THEN 'little' ELSE format('%s pages', p.pages) END
                   FROM (SELECT pg_temp.pages(query) AS pages OFFSET 0) AS p $$;
CREATE FUNCTION pg_temp.differs(query text, plain text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    differences bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) AS d', query, plain)
    INTO differences;
    RETURN differences;
END $$;

-- A few calls in order, and one by its id.
SELECT q.tail, pg_temp.differs('SELECT call_id, business_id, started_at, answered FROM mrcall.calls AS c ' || q.tail,
                               'SELECT * FROM call AS c ' || q.tail) AS differences,
       pg_temp.reads('SELECT * FROM mrcall.calls AS c ' || q.tail, 200) AS reads
FROM (VALUES
    (1, 'ORDER BY started_at DESC, call_id LIMIT 10'), (2, 'ORDER BY started_at, call_id OFFSET 20 LIMIT 10'),
    (3, $$WHERE business_id = 'T-30' ORDER BY started_at DESC, call_id LIMIT 5$$),
    (4, $$WHERE business_id = 'T-3' ORDER BY started_at DESC, call_id LIMIT 5$$),
    (5, $$WHERE business_id = '' AND started_at < '2025-06-01Z' ORDER BY started_at DESC, call_id LIMIT 5$$),
    (6, $$WHERE started_at < '2025-06-01Z' ORDER BY started_at DESC, call_id LIMIT 5$$),
    (7, $$WHERE call_id = 'a-777'$$), (8, $$WHERE call_id IN ('c-5', 'a-5', 'b-9', 'nothing')$$),
    (9, $$WHERE business_id = 'T-30' AND started_at >= '2026-05-01Z' AND started_at < '2026-05-10Z'$$),
    (10, 'WHERE business_id IS NULL ORDER BY started_at DESC, call_id LIMIT 5')
) AS q (nr, tail)
ORDER BY q.nr;
-- Joined with a few businesses, call by call.
SELECT pg_temp.differs(q.query, replace(q.query, 'mrcall.calls', 'call')) AS differences, pg_temp.reads(q.query, 200) AS reads
FROM (VALUES ($$SELECT c.call_id, b.zone FROM mrcall.businesses AS b JOIN mrcall.calls AS c USING (business_id)
                WHERE b.business_id IN ('T-été', '😀') AND c.started_at >= '2026-04-20Z'$$),
             ($$SELECT i.id, c.call_id FROM (VALUES ('T-30'), (''), ('nobody')) AS i (id)
                CROSS JOIN LATERAL (SELECT c.call_id FROM mrcall.calls AS c WHERE c.business_id = i.id
                                    ORDER BY c.started_at DESC, c.call_id LIMIT 2) AS c$$)) AS q (query);
-- Where all are read and joined, no call is compared with each row of the other side.
CREATE FUNCTION pg_temp.plan(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan::text;
END $$;
SELECT pg_temp.plan($$SELECT b.template, count(*) FROM mrcall.calls AS c JOIN mrcall.businesses AS b USING (business_id) GROUP BY 1$$)
    ~ '(Hash|Merge) Join' AS joins_once;

-- First calls, where an index finds them and where none does; of the businesses alone that are asked for.
CREATE TEMP TABLE first ON COMMIT DROP AS
SELECT f.* FROM (
    SELECT b.business_id AS conversion_id, b.owner AS customer_id, b.business_id,
           least(min(c.started_at), (SELECT d.first_call_at FROM mrcall_internal.first_call AS d
                                     WHERE d.business_id = b.business_id)) AS converted_at
    FROM public.business AS b LEFT JOIN call AS c ON c.business_id = b.business_id
    GROUP BY b.business_id, b.owner) AS f
WHERE f.converted_at IS NOT NULL;
CREATE FUNCTION pg_temp.first_calls(condition text, most int DEFAULT 400) RETURNS text
LANGUAGE sql AS $$
    SELECT format('%s differences, reads %s',
        pg_temp.differs($q$SELECT c.conversion_id, c.customer_id, c.business_id, c.converted_at FROM mrcall.conversions AS c
                           WHERE c.conversion = 'first_call' AND $q$ || condition, 'SELECT * FROM first AS c WHERE ' || condition),
        pg_temp.reads($q$SELECT * FROM mrcall.conversions AS c WHERE c.conversion = 'first_call' AND $q$ || condition, most)) $$;
CREATE FUNCTION pg_temp.health(as_of timestamptz) RETURNS bigint
LANGUAGE sql AS $$
    SELECT pg_temp.differs(format($q$SELECT h.business_id, h.calls_7d, h.calls_30d, h.calls_30d_before, h.last_call,
                                            h.flags @> '{unknown}'
                                     FROM mrcall.business_health(%L) AS h$q$, as_of),
        format($q$SELECT i.id, count(*) FILTER (WHERE c.started_at >= a.at - interval '168:00:00'),
                         count(*) FILTER (WHERE c.started_at >= a.at - interval '720:00:00'),
                         count(*) FILTER (WHERE c.started_at >= a.at - interval '1440:00:00'
                                          AND c.started_at < a.at - interval '720:00:00'),
                         max(c.started_at), NOT EXISTS (SELECT FROM public.business AS b WHERE b.business_id = i.id)
                  FROM (VALUES (timestamptz %L)) AS a (at)
                  CROSS JOIN LATERAL (SELECT b.business_id FROM public.business AS b
                                      UNION SELECT c.business_id FROM call AS c WHERE c.started_at < a.at) AS i (id)
                  LEFT JOIN call AS c ON coalesce('=' || c.business_id, '') = coalesce('=' || i.id, '') AND c.started_at < a.at
                  GROUP BY i.id, a.at$q$, as_of)) $$;
SELECT (SELECT count(*) > 40 FROM first) AS some, (SELECT count(*) < (SELECT count(*) FROM public.business) FROM first) AS not_all;
SELECT mrcall_internal.is_found_by_business() AS found, pg_temp.first_calls('true', 2000) AS all,
       pg_temp.first_calls($$c.business_id = 'T-été'$$) AS one, pg_temp.first_calls($$c.business_id IN ('', ' ', 'T-39', 'T-40')$$) AS some,
       pg_temp.first_calls($$c.customer_id = (SELECT max(o.id COLLATE "C") FROM public.customers_registry AS o)$$) AS of_a_customer;
SELECT pg_temp.health('2026-06-01Z') AS health, pg_temp.health('2025-06-01 12:34Z') AS earlier, pg_temp.health('2024-06-01Z') AS before_all,
       pg_temp.health('2030-01-01Z') AS after_all;
SAVEPOINT with_index;
DROP INDEX own.of_business;
SELECT mrcall_internal.is_found_by_business() AS found, split_part(pg_temp.first_calls('true'), ',', 1) AS all,
       split_part(pg_temp.first_calls($$c.business_id = 'T-été'$$), ',', 1) AS one,
       split_part(pg_temp.first_calls($$c.business_id IN ('', ' ', 'T-39', 'T-40')$$), ',', 1) AS some;
SELECT pg_temp.health('2026-06-01Z') AS health, pg_temp.health('2025-06-01 12:34Z') AS earlier, pg_temp.health('2024-06-01Z') AS before_all,
       pg_temp.health('2030-01-01Z') AS after_all;
ROLLBACK TO SAVEPOINT with_index;

-- One business's health is its row among all.
SELECT count(*) AS differences FROM known AS k
CROSS JOIN LATERAL (SELECT pg_temp.differs(
    format($$SELECT * FROM mrcall.business_health('2026-06-01Z', %L)$$, k.id),
    format($$SELECT * FROM mrcall.business_health('2026-06-01Z') AS h WHERE h.business_id = %L$$, k.id)) AS n) AS d
WHERE d.n > 0 AND k.id IN ('T-1', 'T-été', '', 'T-40', 'T-33');
SELECT pg_temp.differs($$SELECT * FROM mrcall.business_health('2026-06-01Z', 'nobody')$$,
    $$SELECT * FROM mrcall.business_health('2026-06-01Z') AS h WHERE h.business_id = 'nobody'$$) AS differences,
    (SELECT count(*) FROM mrcall.business_health('2026-06-01Z', 'not even called')) AS of_nobody;

-- The reports on one business read its rows: pages of calls, contacts and numbers together.
SELECT (pg_relation_size('own.contact') + pg_relation_size('own.phones')) / 8192 > 250 AS books_are_large;
SELECT q.report, pg_temp.reads('SELECT * FROM mrcall.' || q.report, 450) AS reads
FROM (VALUES (1, $$callers('2026-04-01Z', '2026-05-01Z', 'T-été')$$), (2, $$resource_usage('2026-05-01Z', 'T-été')$$),
             (3, $$business_health('2026-06-01Z', 'T-été')$$), (4, $$business_health('2026-06-01Z', 'T-33')$$),
             (5, $$call_heatmap('2026-04-01Z', '2026-05-01Z', 'T-été')$$), (6, $$flow('2026-04-01Z', '2026-05-01Z', 'T-été')$$),
             (7, $$call_summary('1 day', '2026-04-01Z', '2026-05-01Z', 'UTC', 'T-été')$$),
             (8, $$call_service('1 day', '2026-04-01Z', '2026-05-01Z', 'UTC', 'T-été')$$)) AS q (nr, report)
ORDER BY q.nr;
