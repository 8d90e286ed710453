-- mrcall.bucket, next_bucket and buckets at every change of the clock from 1970 to 2037, in every zone of pg_timezone_names.
-- The oracle asks AT TIME ZONE alone: it finds the changes, and from them writes down where buckets start by definition.
\pset footer off
-- Which of thousands of ranges begins at somebody else's midnight is beside the point.
SET LOCAL client_min_messages = warning;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
-- Tables that workers can read, without statistics to be gathered: they are gone with the transaction.
-- AT TIME ZONE takes CET, EET, MET and WET for abbreviations of a fixed offset, mrcall.bucket for the zones that they name, as
-- SET timezone does: they follow at the end. Names that begin with posix/ are the same files once more: they have to agree.
CREATE TABLE public.zone WITH (parallel_workers = 2) AS
SELECT n.name AS zone, regexp_replace(n.name, '^posix/', '') AS plain FROM pg_timezone_names AS n
WHERE NOT EXISTS (SELECT FROM pg_timezone_abbrevs AS a WHERE a.abbrev = upper(regexp_replace(n.name, '^posix/', '')));

-- Weeks in which a clock changed. (Two changes within a week that undo each other would be missed; there are none: a scan day by
-- day finds the same.) The years around let the widest buckets be seen whole.
CREATE TABLE public.week_of_change AS
SELECT z.zone, w.at AS since, w.at + interval '7 days' AS until, w.at AT TIME ZONE z.zone - w.at AT TIME ZONE 'UTC' AS showed
FROM public.zone AS z
CROSS JOIN LATERAL generate_series(timestamptz '1966-01-06Z', '2042-01-01Z', '7 days') AS w (at)
WHERE (w.at + interval '7 days') AT TIME ZONE z.zone - w.at AT TIME ZONE z.zone <> interval '7 days';

-- Their instants, to the second, by bisection: halves whose ends do not agree are halved again.
CREATE TABLE public.change AS
WITH RECURSIVE half (zone, since, until, showed, shows) AS (
    SELECT zone, since, until, showed, until AT TIME ZONE zone - until AT TIME ZONE 'UTC'
    FROM public.week_of_change WHERE zone NOT LIKE 'posix/%'
    UNION ALL
    SELECT h.zone, p.since, p.until, p.showed, p.shows
    FROM half AS h
    CROSS JOIN LATERAL (SELECT date_trunc('second', h.since + (h.until - h.since) / 2) AS middle) AS m
    CROSS JOIN LATERAL (SELECT m.middle AT TIME ZONE h.zone - m.middle AT TIME ZONE 'UTC' AS at_middle) AS b
    CROSS JOIN LATERAL (VALUES (h.since, m.middle, h.showed, b.at_middle), (m.middle, h.until, b.at_middle, h.shows))
        AS p (since, until, showed, shows)
    WHERE h.until - h.since > interval '1 second' AND p.showed <> p.shows
)
SELECT zone, until AS at, showed, shows FROM half WHERE until - since = interval '1 second';

-- Many names are one clock: of each clock one name is taken, and below the others have to agree with it.
CREATE TABLE public.clock WITH (parallel_workers = 2) AS
SELECT z.zone, x.clock
FROM (SELECT zone, min(zone) OVER (PARTITION BY changes) AS clock
      FROM (SELECT z.zone, coalesce(string_agg(c.at || ' ' || c.showed || ' ' || c.shows, ' ' ORDER BY c.at),
                                    (timestamptz '2000-01-01Z' AT TIME ZONE z.zone)::text) AS changes
            FROM public.zone AS z LEFT JOIN public.change AS c USING (zone) WHERE z.zone NOT LIKE 'posix/%' GROUP BY z.zone) AS x
     ) AS x
JOIN public.zone AS z ON z.plain = x.zone;
-- (Without Debian's tzdata-legacy there are 400 names.)
SELECT count(*) > 300 AS zones, count(DISTINCT clock) > 200 AS clocks FROM public.clock;
-- Changes known from elsewhere are among them.
SELECT zone, at AT TIME ZONE 'UTC' AS utc, showed, shows FROM public.change
WHERE (zone, at) IN (('Europe/Rome', '2026-10-25 01:00Z'), ('Pacific/Apia', '2011-12-30 10:00Z'),
                     ('Australia/Lord_Howe', '2026-04-04 15:00Z'), ('Africa/Monrovia', '1972-01-07 00:44:30Z'),
                     ('Asia/Pyongyang', '2018-05-04 15:00Z'), ('America/Caracas', '2016-05-01 07:00Z'))
ORDER BY 1;

-- The stretches at_middle the changes of each clock.
CREATE TABLE public.stretch AS
SELECT c.clock, -1 AS no, timestamptz '1900-01-01Z' AS since, timestamptz '2100-01-01Z' AS until,
       timestamptz '2000-01-01Z' AT TIME ZONE c.clock - timestamp '2000-01-01' AS shift, NULL::interval AS showed
FROM (SELECT DISTINCT clock FROM public.clock) AS c
WHERE NOT EXISTS (SELECT FROM public.change AS g WHERE g.zone = c.clock)
UNION ALL
SELECT zone, 0, timestamptz '1966-01-06Z', min(at), (array_agg(showed ORDER BY at))[1], NULL
FROM public.change WHERE zone IN (SELECT clock FROM public.clock) GROUP BY zone
UNION ALL
SELECT zone, row_number() OVER w, at, lead(at, 1, '2042-01-01Z') OVER w, shows, showed
FROM public.change WHERE zone IN (SELECT clock FROM public.clock) WINDOW w AS (PARTITION BY zone ORDER BY at);
CREATE INDEX ON public.stretch (clock, no);
CREATE TABLE public.width AS
SELECT w.width, w.months, extract(epoch FROM w.width)::bigint AS seconds, w.said IS NOT NULL AS has_origin,
       coalesce(w.said, CASE WHEN w.months > 0 THEN timestamp '2000-01-01' ELSE '2000-01-03' END) AS origin
FROM (
    SELECT w.width, (extract(year FROM w.width) * 12 + extract(month FROM w.width))::int AS months, w.said
    FROM (SELECT w::interval AS width, NULL::timestamp AS said
          FROM unnest('{1 minute,5 minutes,15 minutes,30 minutes,1 hour,90 minutes,6 hours,7 hours,1 day,25 hours,7 days,1 month,3 months,
                        1 year}'::text[]) AS w
          -- Half past two and midnight are where clocks change; weeks from Sunday; months from the 26th; years from July.
          UNION ALL VALUES ('1 hour'::interval, timestamp '2020-02-29 12:20'), ('1 day', '2000-01-01 04:00'), ('1 day', '2040-01-01 02:30'),
                           ('7 days', '2000-01-02'), ('1 month', '2000-01-26 02:00'), ('1 year', '2000-07-01')) AS w
) AS w;
-- Around each change: what the clock showed lastly before, and first after it. A clock without changes is asked somewhere.
CREATE TABLE public.spot WITH (parallel_workers = 2) AS
SELECT clock, no, since AS at, since AT TIME ZONE 'UTC' + showed AS before, since AT TIME ZONE 'UTC' + shift AS after
FROM public.stretch WHERE showed IS NOT NULL AND since >= '1970-01-01Z' AND since < '2038-01-01Z'
UNION ALL
SELECT clock, no, '2020-06-01Z', timestamp '2020-06-01' + shift, timestamp '2020-06-01' + shift FROM public.stretch WHERE no = -1;
ANALYZE public.stretch, public.spot, public.width;

CREATE FUNCTION pg_temp.grid_number(months int, seconds bigint, origin timestamp, wall timestamp)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    -- With months of the time before it in its month: the month's own, or the next.
    SELECT CASE WHEN months > 0 THEN floor((extract(year FROM wall) * 12 + extract(month FROM wall)
                                            - extract(year FROM origin) * 12 - extract(month FROM origin)) / months)
                ELSE floor(extract(epoch FROM wall - origin) / seconds) END::int
$$;
-- How many of the two answers for an instant of the bucket from start to next are wrong; outside of it none is asked for.
CREATE FUNCTION pg_temp.wrong(
    width interval, ts timestamptz, zone text, origin timestamp, start timestamptz, next timestamptz)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN ts >= start AND ts < next
                THEN (mrcall.bucket(width, ts, zone, origin) <> start)::int + (mrcall.next_bucket(width, ts, zone, origin) <> next)::int
                ELSE 0 END
$$;

-- Each grid time near a change and the instants that show it, or jump past it: all of them start a bucket below a day, the first
-- alone from a day on. A bucket is asked at its start, just behind it and just before its end, and on both sides of the change.
-- An answer that is right has the properties bucket <= ts < next_bucket, bucket(bucket) = bucket, and never goes backwards.
-- (In a function, because no worker takes a lateral sub-query.)
CREATE TYPE public.verdict AS (
    not_around boolean, not_shown bigint, listed_wrong boolean, wrong bigint, wrong_at_change bigint);
CREATE FUNCTION pg_temp.verdict(
    clock_ text, no_ bigint, at timestamptz, before timestamp, after timestamp, width interval, months int, seconds bigint,
    origin timestamp, has_origin boolean)
RETURNS public.verdict
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    n_before int := pg_temp.grid_number(months, seconds, origin, before);
    n_after int := pg_temp.grid_number(months, seconds, origin, after);
    said timestamp := CASE WHEN has_origin THEN origin END;
    starts timestamptz[];
    buckets int;
    r public.verdict;
BEGIN
    SELECT array_agg(DISTINCT g.start ORDER BY g.start),
           -- By AT TIME ZONE the clock shows the grid time at the start, or goes from before it to behind it.
           count(*) FILTER (WHERE NOT (g.start AT TIME ZONE clock_ = g.grid
                                       OR g.start AT TIME ZONE clock_ > g.grid
                                          AND (g.start - interval '1 microsecond') AT TIME ZONE clock_ < g.grid))
    INTO starts, r.not_shown
    FROM (
        SELECT g.grid, min(x.start) AS start
        FROM public.stretch AS t
        CROSS JOIN generate_series(least(n_before, n_after) - 2, greatest(n_before, n_after) + 3) AS n
        CROSS JOIN LATERAL (
            SELECT origin + n * width AS grid) AS g
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN g.grid - t.shift >= t.since AT TIME ZONE 'UTC' AND g.grid - t.shift < t.until AT TIME ZONE 'UTC'
                THEN (g.grid - t.shift) AT TIME ZONE 'UTC'
                WHEN g.grid >= t.since AT TIME ZONE 'UTC' + t.showed AND g.grid < t.since AT TIME ZONE 'UTC' + t.shift
                THEN t.since END AS start) AS x
        WHERE t.clock = clock_ AND t.no BETWEEN no_ - months - 3 AND no_ + months + 3 -- No clock changes more often.
          AND x.start IS NOT NULL AND (n < n_before + 3 OR n > n_after - 3)
        GROUP BY g.grid, CASE WHEN months = 0 AND seconds < 86400 THEN x.start END
    ) AS g
    -- Of an hour that is shown twice, only the buckets next to the change are of interest.
    WHERE g.start BETWEEN at - 3 * width AND at + 3 * width;
    buckets := cardinality(starts) - 1;
    r.not_around := NOT (buckets >= 4 AND starts[1] < at - interval '1 second' AND starts[buckets + 1] > at + interval '1 second');
    r.listed_wrong := starts[:buckets] <>
        ARRAY(SELECT x.bucket FROM mrcall.buckets(width, starts[1], starts[buckets + 1], clock_, said) AS x);
    SELECT sum(pg_temp.wrong(width, start, clock_, said, start, next)
               + pg_temp.wrong(width, start + interval '1 microsecond', clock_, said, start, next)
               + pg_temp.wrong(width, next - interval '1 microsecond', clock_, said, start, next)),
           sum(pg_temp.wrong(width, at - interval '1 second', clock_, said, start, next)
               + pg_temp.wrong(width, at - interval '1 microsecond', clock_, said, start, next)
               + pg_temp.wrong(width, at, clock_, said, start, next)
               + pg_temp.wrong(width, at + interval '1 microsecond', clock_, said, start, next)
               + pg_temp.wrong(width, at + interval '1 second', clock_, said, start, next))
    INTO r.wrong, r.wrong_at_change
    FROM unnest(starts[:buckets], starts[2:]) AS p (start, next);
    RETURN r;
END
$$;
CREATE TABLE public.asked AS
SELECT w.width, CASE WHEN w.has_origin THEN w.origin END AS origin, s.clock,
       pg_temp.verdict(s.clock, s.no, s.at, s.before, s.after, w.width, w.months, w.seconds, w.origin, w.has_origin) AS v
FROM public.spot AS s CROSS JOIN public.width AS w;
SELECT width, origin, count(*) > 15000 AND count(DISTINCT clock) > 200 AS compared, sum((v).wrong) AS wrong,
       sum((v).wrong_at_change) AS wrong_at_change, sum((v).not_shown) AS not_shown,
       count(*) FILTER (WHERE (v).listed_wrong IS NOT false) AS listed_wrong,
       count(*) FILTER (WHERE (v).not_around IS NOT false) AS not_around
FROM public.asked GROUP BY width, origin ORDER BY width, origin NULLS FIRST;

-- The other names of a clock agree with the one that was asked, on both sides of each of its changes; and PostgreSQL says so too.
SELECT count(*) > 10000 AS asked,
       count(*) FILTER (WHERE mrcall.bucket(w.width, s.at + d, c.zone) <> mrcall.bucket(w.width, s.at + d, c.clock)) AS different,
       count(*) FILTER (WHERE (s.at + d) AT TIME ZONE c.zone <> (s.at + d) AT TIME ZONE c.clock) AS other_clock
FROM public.clock AS c
JOIN public.spot AS s USING (clock)
CROSS JOIN unnest('{1 hour,1 day,1 month}'::interval[]) AS w (width)
CROSS JOIN unnest('{-1 microsecond,1 microsecond}'::interval[]) AS d
WHERE c.zone <> c.clock;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.zone AS z WHERE z.zone LIKE 'posix/%') THEN
        RAISE NOTICE 'not tested here: this server has no zones whose names begin with posix/';
    END IF;
END $$;
SELECT count(*) AS other_changes
FROM ((SELECT 'posix/' || zone, since FROM public.week_of_change WHERE 'posix/' || zone IN (SELECT zone FROM public.zone))
      EXCEPT SELECT zone, since FROM public.week_of_change) AS d;

-- The zones whose names are abbreviations too, against date_trunc in a session of that zone. Newer zone data make them links to
-- Brussels, Athens and Lisbon: from 1997 on all of these change their clocks at 01:00 UTC, far from midnight.
CREATE FUNCTION pg_temp.differences(zone text, unit text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('timezone', zone, true);
    RETURN (SELECT count(*) FROM generate_series(timestamptz '1997-01-01Z', '2037-12-31Z', '3 hours 59 minutes') AS s (ts)
            WHERE mrcall.bucket(('1 ' || unit)::interval, s.ts, zone) <> date_trunc(unit, s.ts));
END
$$;
-- Where they are: they belong to tzdata-legacy. What they are links to is everywhere.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS n WHERE n.name IN ('CET', 'EET', 'MET', 'WET')) THEN
        RAISE NOTICE 'not tested here: this server has no zones CET, EET, MET and WET';
    END IF;
END $$;
SELECT count(DISTINCT n.name) >= 3 AS zones, sum(pg_temp.differences(n.name, unit)) AS differences
FROM pg_timezone_names AS n, unnest('{hour,day,month,year}'::text[]) AS unit
WHERE n.name IN ('CET', 'EET', 'MET', 'WET', 'posix/CET', 'Europe/Brussels', 'Europe/Athens', 'Europe/Lisbon');
SET LOCAL timezone = 'UTC';
