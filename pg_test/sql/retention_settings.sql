-- A run does the same under every setting of dates, intervals, zones, literals and plans: nothing travels as a text that a setting
-- could read in another way.
\pset footer off
SET LOCAL client_min_messages = error;
DELETE FROM public.session_retention_policies;
INSERT INTO public.business (business_id) SELECT 'S-' || n FROM generate_series(1, 4) AS n;
INSERT INTO public.session_retention_policies VALUES ('S-1', 30, NULL), ('S-2', NULL, 60), ('S-3', 20, 40), ('S-4', 90, 30);
-- Calls of 150 days, in summer and in winter time, a microsecond around each limit among them.
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT format('S-call-%s-%s-%s', b.n, d.days, o.n), 'S-' || b.n, now() - d.days * interval '24 hours' + o.n * interval '1 microsecond',
       jsonb_build_object('caller', '+' || d.days % 7)
FROM generate_series(1, 4) AS b (n), generate_series(0, 150) AS d (days), generate_series(-1, 1) AS o (n);
INSERT INTO public.sessions_ids SELECT s.id, s.start_timestamp FROM public.sessions AS s WHERE s.id LIKE 'S-call-%';

-- What becomes of all calls, by the seconds of the epoch, and what is kept of them.
CREATE FUNCTION pg_temp.outcome() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ',
        (SELECT md5(string_agg(concat_ws('|', id, extract(epoch FROM start_timestamp)), ',' ORDER BY id)) || count(*) FROM public.sessions),
        (SELECT md5(string_agg(concat_ws('|', business_id, extract(epoch FROM started_at), call_id, caller), ','
                               ORDER BY business_id, started_at, call_id)) || count(*) FROM mrcall.session_archive),
        (SELECT md5(string_agg(concat_ws('|', id, extract(epoch FROM start_timestamp)), ',' ORDER BY id)) || count(*)
         FROM public.sessions_ids),
        (SELECT md5(string_agg(concat_ws('|', business_id, call_id, extract(epoch FROM first_call_at)), ',' ORDER BY business_id))
         FROM mrcall_internal.first_call),
        (SELECT count(*) || ' ' || sum(extract(epoch FROM first_at)) FROM mrcall_internal.first_contact))
$$;
-- A whole run in batches, what it did, and all as before.
CREATE FUNCTION pg_temp.try(batch int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint; report text := '';
BEGIN
    LOOP
        CALL mrcall.apply_session_retention(false, batch, a, d, c, la, ld);
        report := format('%s %s+%s', report, a, d);
        EXIT WHEN a + d = 0;
    END LOOP;
    RAISE SQLSTATE 'P0777' USING MESSAGE = concat_ws(' ', pg_temp.outcome(), report, la, ld);
EXCEPTION WHEN SQLSTATE 'P0777' THEN
    RETURN sqlerrm;
END $$;
SELECT pg_temp.outcome() AS before, pg_temp.try(900) AS done \gset
SELECT :'before' <> :'done' AS does_something, right(:'done', 4) AS left;

SELECT 20261130 AS seed \gset
\echo seed :seed
-- Zones whose abbreviations mean another zone (IST, CST, BST, EST), half hours, and those whose clocks change.
CREATE TEMP TABLE zone ON COMMIT DROP AS
SELECT n.name, row_number() OVER (ORDER BY hashtextextended(n.name, :seed)) AS nr
FROM pg_timezone_names AS n
WHERE n.name IN ('Asia/Kolkata', 'Asia/Shanghai', 'America/Havana', 'Europe/London', 'Europe/Rome', 'America/New_York', 'Australia/Sydney',
    'Asia/Manila', 'America/St_Johns');
SELECT count(*) > 6 AS zones FROM zone;
CREATE TEMP TABLE tried (style text, intervals text, zone text, done text) ON COMMIT DROP;
DO $$
DECLARE
    style text; z record; styles text[] := '{ISO,"SQL, DMY","SQL, MDY","Postgres, DMY","Postgres, MDY",German,"ISO, YMD"}';
    intervals text[] := '{postgres,sql_standard,iso_8601,postgres_verbose}';
BEGIN
    FOR z IN SELECT * FROM zone ORDER BY nr LOOP
        FOR n IN 1 .. 2 LOOP
            style := styles[1 + (2 * z.nr + n) % 7];
            PERFORM set_config('DateStyle', style, true), set_config('TimeZone', z.name, true),
                    set_config('IntervalStyle', intervals[1 + z.nr % 4], true);
            INSERT INTO tried SELECT style, intervals[1 + z.nr % 4], z.name, pg_temp.try(900);
        END LOOP;
    END LOOP;
END $$;
RESET DateStyle;
RESET TimeZone;
RESET IntervalStyle;
SELECT count(*) > 12 AS tried, count(DISTINCT style) AS styles, count(DISTINCT intervals) AS interval_styles FROM tried;
SELECT t.style, t.intervals, t.zone AS differs FROM tried AS t WHERE t.done <> :'done';
-- Others that change how literals are read or plans are made.
CREATE TEMP TABLE setting (name text, value text) ON COMMIT DROP;
INSERT INTO setting VALUES ('bytea_output', 'escape'), ('standard_conforming_strings', 'off'),
    ('array_nulls', 'off'), ('transform_null_equals', 'on'), ('enable_hashjoin', 'off'), ('enable_seqscan', 'off'),
    ('plan_cache_mode', 'force_generic_plan'), ('extra_float_digits', '-10'), ('search_path', 'pg_catalog'),
    ('search_path', ''), ('check_function_bodies', 'off'), ('row_security', 'off');
CREATE FUNCTION pg_temp.under(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    done text;
    usual text := current_setting(name);
BEGIN
    PERFORM set_config(name, value, true);
    done := pg_temp.try(900);
    PERFORM set_config(name, usual, true);
    RETURN done;
END $$;
SELECT pg_temp.try(900) AS done \gset
SELECT count(*) AS settings, count(*) FILTER (WHERE pg_temp.under(s.name, s.value) = :'done') AS same FROM setting AS s;
