-- Retention of calls whose ids repeat: several starts, several businesses, rows that are the same twice; keys of several types; an index of
-- ids with their start and one of ids alone. A row is taken when it is due, and its id leaves the index with the last row that has it.
\pset footer off
SET LOCAL client_min_messages = warning;
CREATE TABLE public.policy (shop text, keep int, hold int);
INSERT INTO public.policy VALUES ('s0', 30, 60), ('s1', 20, NULL), ('s2', NULL, 45), ('s3', NULL, NULL);
CREATE FUNCTION pg_temp.attach(has_start boolean) RETURNS text LANGUAGE sql AS $$
    SELECT mrcall.attach(format('{"calls": {"table": "public.call", "columns": {"call_id": "id", "business_id": "shop", "started_at": "at",
        "caller": "who", "owner": null, "ended_at": null, "outcome": null, "answered": null, "medium": null, "language": null,
        "last_state": null, "state_variables": null, "data": null}},
        "call_index": {"table": "public.ids", "columns": {"id": "id", "start_timestamp": %s}},
        "retention_policies": {"table": "public.policy", "columns": {"business_id": "shop", "archive_after_days": "keep",
            "delete_after_days": "hold"}}}', CASE WHEN has_start THEN '"at"' ELSE 'null' END)::jsonb)
$$;
-- Few ids and few instants, so that all repetitions occur; whatever is left must be what plain SQL says, in the table and in the index.
CREATE FUNCTION pg_temp.run(key_type text, has_start boolean, batch int) RETURNS TABLE (
    key text, rows bigint, gone bigint, archived bigint, wrong_rows bigint, wrong_archive bigint, wrong_ids bigint, ids bigint)
LANGUAGE plpgsql AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint;
BEGIN
    EXECUTE format('CREATE TABLE public.call (id %s, shop text, at timestamptz, who text)', key_type);
    EXECUTE format('CREATE TABLE public.ids (id %s, at timestamptz)', key_type);
    CREATE TABLE public.given (id text, shop text, at timestamptz, who text);
    INSERT INTO public.given
    SELECT (100 + h.h % 400)::text, 's' || (h.h >> 8) % 4, now() - ((h.h >> 12) % 12 * 7 + 1) * interval '24 hours', n::text
    FROM generate_series(1, 800) AS n CROSS JOIN LATERAL (SELECT abs(hashint4extended(n, 20261130) % 1000000007)::int AS h) AS h;
    IF key_type = 'uuid' THEN
        UPDATE public.given AS g SET id = '00000000-0000-0000-0000-000000000' || g.id;
    END IF;
    EXECUTE format('INSERT INTO public.call SELECT g.id::%s, g.shop, g.at, g.who FROM public.given AS g', key_type);
    INSERT INTO public.ids SELECT DISTINCT c.id, CASE WHEN has_start THEN c.at END FROM public.call AS c;
    PERFORM pg_temp.attach(has_start);
    LOOP
        CALL mrcall.apply_session_retention(false, batch, a, d, c, la, ld);
        EXIT WHEN a + d = 0;
    END LOOP;
    RETURN QUERY
    WITH fate AS (
        SELECT g.*, coalesce(g.at < now() - p.hold * interval '24 hours', false) AS goes,
               coalesce(g.at < now() - p.keep * interval '24 hours', false) AS keeps
        FROM public.given AS g JOIN public.policy AS p ON p.shop = g.shop
    ), live AS (
        SELECT f.* FROM fate AS f WHERE NOT f.goes AND NOT f.keeps
    )
    SELECT key_type, (SELECT count(*) FROM fate), (SELECT count(*) FROM fate AS f WHERE f.goes),
           (SELECT count(*) FROM fate AS f WHERE f.keeps AND NOT f.goes),
           (SELECT count(*) FROM live AS l FULL JOIN public.call AS x ON x.who = l.who WHERE x.who IS NULL OR l.who IS NULL),
           (SELECT count(*) FROM (SELECT DISTINCT f.shop, f.at, f.id FROM fate AS f WHERE f.keeps AND NOT f.goes) AS f
            FULL JOIN mrcall.session_archive AS x ON (x.business_id, x.started_at, x.call_id) = (f.shop, f.at, f.id)
            WHERE x.call_id IS NULL OR f.id IS NULL),
           (SELECT count(*) FROM (SELECT DISTINCT x.id::text AS id, CASE WHEN has_start THEN x.at END AS at FROM public.call AS x) AS l
            FULL JOIN public.ids AS i ON i.id::text = l.id AND i.at IS NOT DISTINCT FROM l.at WHERE i.id IS NULL OR l.id IS NULL),
           (SELECT count(*) FROM public.ids);
    DROP TABLE public.call, public.ids, public.given CASCADE;
    DELETE FROM mrcall.session_archive;
END $$;
-- The view over the tables goes with each of them, and attach makes it again.
SELECT r.*
FROM (VALUES ('text', true, 1000), ('text', true, 97), ('text', false, 97), ('uuid', true, 200), ('bigint', false, 200),
             ('varchar(40)', true, 200), ('character(40)', true, 200)) AS t (key, start, batch),
    LATERAL pg_temp.run(t.key, t.start, t.batch) AS r;
