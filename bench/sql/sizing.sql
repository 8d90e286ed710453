-- What bench/sizing.sh prints. A time is the best of three, by the million rows that the report reads.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 2;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '

CREATE TEMP TABLE rows AS
SELECT (SELECT count(*) FROM public.website_events) AS events, (SELECT count(*) FROM public.sessions) AS calls;
SELECT format('%s events, %s calls, %s with %s', events, calls, split_part(version(), ' on ', 1),
    coalesce((SELECT 'TimescaleDB ' || x.extversion FROM pg_extension AS x WHERE x.extname = 'timescaledb'), 'no TimescaleDB'))
FROM rows;

-- Bytes of a table with its chunks, and of what hangs on it.
CREATE FUNCTION pg_temp.bytes(name text, kind text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    total numeric := 0;
    part regclass;
BEGIN
    FOR part IN
        SELECT name::regclass
        UNION ALL SELECT i.inhrelid::regclass FROM pg_inherits AS i WHERE i.inhparent = name::regclass
    LOOP
        total := total + CASE kind WHEN 'rows' THEN pg_table_size(part) ELSE pg_indexes_size(part) END;
    END LOOP;
    RETURN total;
END
$$;
SELECT '| what | for a million of | MB |';
SELECT format('| `%s`, rows | %s | %s |', t.name, t.per, round(pg_temp.bytes('public.' || t.name, 'rows') / t.n)) || E'\n'
    || format('| `%s`, indexes | %s | %s |', t.name, t.per, round(pg_temp.bytes('public.' || t.name, 'indexes') / t.n))
FROM rows
CROSS JOIN LATERAL (VALUES ('website_events', 'events', rows.events::numeric), ('sessions', 'calls', rows.calls)) AS t (name, per, n);

-- Stored states: what keeping them costs.
CREATE TEMP TABLE state AS
SELECT 'visit_agg`, a state for each visitor and day' AS what, 'events' AS per, sum(pg_column_size(s.state)) AS bytes, count(*) AS states
FROM (SELECT mrcall.visit_agg(e.occurred_at, '30 minutes') AS state FROM mrcall.events AS e GROUP BY e.visitor_id, e.occurred_at::date) AS s
UNION ALL
SELECT 'call_agg`, a state for each business and day', 'calls', sum(pg_column_size(s.state)), count(*)
FROM (SELECT mrcall.call_agg(c.started_at, c.ended_at, c.outcome) AS state
      FROM mrcall.calls AS c GROUP BY c.business_id, c.started_at::date) AS s
UNION ALL
SELECT 'distinct_agg`, a state a day', 'events', sum(pg_column_size(s.state)), count(*)
FROM (SELECT mrcall.distinct_agg(e.visitor_id) AS state FROM mrcall.events AS e GROUP BY e.occurred_at::date) AS s;
SELECT format('| `%s (%s states) | %s | %s |', s.what, s.states, s.per,
              round(s.bytes / CASE s.per WHEN 'events' THEN rows.events ELSE rows.calls END::numeric, 1))
FROM state AS s CROSS JOIN rows;

CREATE TEMP TABLE measured (place serial, what text, per text, seconds numeric);
CREATE PROCEDURE pg_temp.measure(what text, per text, statement text) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
    best numeric := 1e9;
BEGIN
    FOR run IN 1..4 LOOP
        began := clock_timestamp();
        EXECUTE 'SELECT count(*) FROM (' || statement || ') AS r';
        -- The first run only fills the caches.
        IF run > 1 THEN
            best := least(best, extract(epoch FROM clock_timestamp() - began));
        END IF;
    END LOOP;
    INSERT INTO measured (what, per, seconds)
    SELECT what, per, round(best / CASE per WHEN 'events' THEN r.events ELSE r.calls END * 1e6, 2) FROM rows AS r;
END
$$;
SELECT format('CALL pg_temp.measure(%L, %L, %L)', m.what, m.per, m.statement)
FROM (VALUES
    (1, 'visitor_buckets` by day', 'events', $$SELECT * FROM mrcall.visitor_buckets('1 day', '2026-02-01', '2026-06-01')$$),
    (2, 'visitor_buckets` by day and channel', 'events',
        $$SELECT * FROM mrcall.visitor_buckets('1 day', '2026-02-01', '2026-06-01', 'UTC', 'channel')$$),
    (3, 'visits`, every row', 'events', 'SELECT * FROM mrcall.visits'),
    (4, 'attribution` of sign-ups, `linear`', 'events', $$SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear')$$),
    (5, 'attribution_models`, all of them', 'events', $$SELECT * FROM mrcall.attribution_models('2026-02-01', '2026-06-01')$$),
    (6, 'funnel` of three steps', 'events', $$SELECT * FROM mrcall.funnel('2026-02-01', '2026-06-01', '[{"step": "any"}, {"step": "pricing",
        "page": "/pricing%"}, {"step": "sign-up", "event": "signup_click"}]')$$),
    (7, 'cohorts` by week', 'events', $$SELECT * FROM mrcall.cohorts('2026-02-01', '2026-06-01')$$),
    (8, 'top_pages`', 'events', $$SELECT * FROM mrcall.top_pages('2026-02-01', '2026-06-01')$$),
    (9, 'call_summary` by day and business', 'calls', $$SELECT * FROM mrcall.call_summary('1 day', '2026-02-01', '2026-06-01')$$),
    (10, 'call_heatmap`', 'calls', $$SELECT * FROM mrcall.call_heatmap('2026-02-01', '2026-06-01')$$),
    (11, 'callers`', 'calls', $$SELECT * FROM mrcall.callers('2026-02-01', '2026-06-01')$$),
    (12, 'business_health`', 'calls', $$SELECT * FROM mrcall.business_health('2026-06-01')$$)
) AS m (place, what, per, statement)
ORDER BY m.place \gexec
SELECT '| report over all of them | for a million | time |';
SELECT format('| `%s | %s | %s s |', m.what, m.per, m.seconds) FROM measured AS m ORDER BY m.place;
