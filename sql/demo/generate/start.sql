-- Checks the flags and that there is something to fill, and starts the clock of the progress lines.

CREATE TEMP TABLE demo_flags ON COMMIT DROP AS
SELECT :visitors::bigint AS visitors, :seed::bigint AS seed, :nasty::integer AS nasty;

DO $check$
BEGIN
    IF NOT (SELECT visitors BETWEEN 1 AND 100000000 AND nasty IN (0, 1) FROM demo_flags) THEN
        RAISE EXCEPTION 'visitors has to be between 1 and 100000000, nasty 0 or 1'
            USING ERRCODE = '22023', HINT = 'For example: psql -v visitors=20000 -v seed=42 -v nasty=0 -f generate.sql';
    END IF;
    IF EXISTS (SELECT FROM public.website_events) OR EXISTS (SELECT FROM public.sessions)
        OR EXISTS (SELECT FROM public.customers_registry) OR EXISTS (SELECT FROM public.business) THEN
        RAISE EXCEPTION 'the tables are not empty'
            USING ERRCODE = '55000', HINT = 'Load the reference schema into a new database and run this there.';
    END IF;
END
$check$;

-- The period, 120 days of UTC, and how far it lies from the one that fixed dates were written for.
SELECT
    d.until - 119 || ' 00:00:00+00' AS period_start, d.until + 1 || ' 00:00:00+00' AS period_end,
    extract(dow FROM d.until - 119)::integer AS first_weekday, d.until - date '2026-05-31' AS moved_days
FROM (SELECT :'until'::date AS until) AS d \gset

SELECT clock_timestamp() AS stage_start \gset
