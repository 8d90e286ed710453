-- call_heatmap, callers, flow, resource_usage and business_health against plain SQL, on the world and on random calls.
\set seed 20260511
SELECT :seed AS seed;
-- Businesses that nobody knows and midnights of other zones are asked for, too.
SET LOCAL client_min_messages = error;
-- Businesses with a zone that is none, no zone, no template; contacts that share numbers; grants that lapsed or never do.
INSERT INTO public.template (name, recurrent_resources) VALUES
    ('T-odd', '{"minutes": "90.5", "calls": 40, "sms": 10, "faxes": "many"}'), ('T-list', '[1, 2]');
INSERT INTO public.business (business_id, template, time_zone, created_at, subscription_status) VALUES
    ('T-a', 'T-odd', 'Atlantis/Main', '2026-04-01Z', 'active'), ('T-b', 'T-list', 'Australia/Lord_Howe', '2026-04-02Z', 'canceled'),
    ('T-c', NULL, 'America/New_York', '2026-04-03Z', 'trialing');
INSERT INTO public.business_resources (business_id, category, expiration, amount, created_at) VALUES
    ('T-a', 'minutes', '2026-05-01Z', 1000, '2026-04-01Z'), ('T-a', 'minutes', '2026-06-01Z', 700, '2026-04-01Z'),
    ('T-a', 'minutes', NULL, 50.25, '2026-04-01Z'), ('T-b', 'calls', '2026-07-01Z', 3, '2026-04-01Z'),
    ('T-b', 'minutes', '2026-07-01Z', 0, '2026-04-01Z'), ('T-c', 'calls', '2026-05-20 12:00Z', 500, '2026-04-01Z'),
    ('T-c', 'minutes', NULL, 1000000000000, '2026-04-01Z'), ('T-c', 'calls', NULL, 1, '2026-12-01Z');
INSERT INTO public.contact (contact_id, business_id, display_name) VALUES
    ('T-2', 'T-a', 'Second'), ('T-1', 'T-a', 'First'), ('T-3', 'T-b', NULL), ('T-4', 'T-c', 'Elsewhere');
INSERT INTO public.phone_details (number, contact_id, country_alpha2, number_type) VALUES
    ('+1', 'T-2', 'IT', 'mobile'), ('+1', 'T-1', 'DE', 'voip'), ('+2', 'T-3', NULL, 'mobile'), ('+3', 'T-4', 'US', NULL),
    ('+4', NULL, 'FR', 'mobile');
ALTER TABLE public.sessions DROP CONSTRAINT IF EXISTS sessions_business_id_fkey;
INSERT INTO public.sessions (id, business_id, start_timestamp, state_variables, data)
SELECT 'T-' || r.n, (ARRAY['T-a', 'T-b', 'T-c', 'T-gone', NULL])[1 + r.h[1] % 5],
       timestamptz '2026-03-20Z' + r.h[2] % 5400000 * interval '1 second',
       CASE r.h[3] % 9 WHEN 0 THEN '{}' WHEN 1 THEN '{"states": "start"}' WHEN 2 THEN '{"states": []}' WHEN 3 THEN '{"state": "greeting"}'
           ELSE jsonb_build_object('state', 'goodbye', 'states', (SELECT jsonb_agg(
               (ARRAY['start', 'greeting', 'greeting', 'ask_reason', 'transfer', 'goodbye', 'nowhere', NULL])[
                   1 + (hashint8extended(r.n, :seed + 10 + k) & 1023)::int % 8])
               FROM generate_series(0, r.h[4] % 7) AS k)) END,
       CASE r.h[5] % 8 WHEN 0 THEN '{}' WHEN 1 THEN '7' ELSE
           jsonb_build_object('answered', (ARRAY['true', 'false', '"maybe"', 'null'])[1 + r.h[6] % 4]::jsonb, 'outcome', 'o' || r.h[7] % 3)
           || CASE WHEN r.h[8] % 6 > 0 THEN jsonb_build_object('caller', '+' || r.h[8] % 6) ELSE '{}' END
           || CASE WHEN r.h[9] % 5 > 0 THEN jsonb_build_object('end_timestamp', to_char(timestamp '2026-03-20'
                  + (r.h[2] % 5400000 - 60 + r.h[9] % 900) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ELSE '{}' END END
FROM (SELECT n, ARRAY(SELECT (hashint8extended(n, :seed + k) & 1073741823)::int FROM generate_series(1, 9) AS k) AS h
      FROM generate_series(1::bigint, 1500) AS n) AS r;
-- What retention deleted: +2 had called T-a before, which only a hash says.
INSERT INTO mrcall_internal.caller_key (key) VALUES (sha256('T'));
INSERT INTO mrcall_internal.first_contact (business_id, caller_hash, first_at)
VALUES ('T-a', mrcall_internal.caller_hash((SELECT key FROM mrcall_internal.caller_key), 'T-a', '+2'), '2026-01-01Z');

CREATE TEMP TABLE asked ON COMMIT DROP AS
SELECT row_number() OVER () AS nr, r.since::timestamptz, r.until::timestamptz, b.business_id
FROM (VALUES ('2026-03-25 00:30Z', '2026-04-10 11:11Z'), ('2026-04-01Z', '2026-05-01Z'), ('2026-05-20Z', '2026-05-20 00:00:00.000001Z'))
         AS r (since, until),
     (VALUES (NULL), ('T-a'), ('T-b'), ('W-business-calls'), ('nobody')) AS b (business_id);
CREATE TEMP TABLE call ON COMMIT DROP AS TABLE mrcall.calls;

-- The heatmap. Zones: each business's own, then one for all.
CREATE TEMP TABLE own_zone ON COMMIT DROP AS
SELECT b.business_id, coalesce((SELECT z.name FROM pg_timezone_names AS z WHERE z.name = b.time_zone), 'UTC') AS zone
FROM public.business AS b;
WITH report AS (
    SELECT a.nr, z.zone, r.* FROM asked AS a, (VALUES (NULL), ('UTC'), ('Asia/Kathmandu'), ('America/New_York')) AS z (zone),
        mrcall.call_heatmap(a.since, a.until, a.business_id, z.zone) AS r
),
plain AS (
    SELECT a.nr, z.zone, to_char(w.wall, 'ID')::int, to_char(w.wall, 'HH24')::int, count(*), sum(coalesce(c.answered, false)::int),
           sum(coalesce(NOT c.answered, false)::int),
           avg(c.ended_at - c.started_at) FILTER (WHERE c.ended_at > c.started_at)
    FROM asked AS a
    CROSS JOIN (VALUES (NULL), ('UTC'), ('Asia/Kathmandu'), ('America/New_York')) AS z (zone)
    JOIN call AS c ON c.started_at >= a.since AND c.started_at < a.until AND (a.business_id IS NULL OR a.business_id = c.business_id)
    CROSS JOIN LATERAL (SELECT c.started_at AT TIME ZONE coalesce(z.zone,
        (SELECT o.zone FROM own_zone AS o WHERE o.business_id = c.business_id), 'UTC') AS wall) AS w
    GROUP BY 1, 2, 3, 4
)
SELECT (SELECT count(*) = 168 * 4 * 15 AND count(DISTINCT (nr, zone, weekday, hour)) = count(*) FROM report) AS complete,
       (SELECT count(*) > 500 FROM plain) AS has_rows, count(*) AS differences,
       (SELECT bool_and(r.calls = (SELECT count(*) FROM call AS c WHERE c.started_at >= a.since AND c.started_at < a.until
                                     AND (a.business_id IS NULL OR a.business_id = c.business_id)))
        FROM asked AS a JOIN (SELECT nr, zone, sum(calls) AS calls FROM report GROUP BY 1, 2) AS r USING (nr)) AS reconciles
FROM ((SELECT * FROM report WHERE calls > 0 EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT SELECT * FROM report WHERE calls > 0)) AS d;

-- Callers.
WITH report AS (
    SELECT a.nr, r.* FROM asked AS a, mrcall.callers(a.since, a.until, a.business_id) AS r
),
plain AS (
    SELECT a.nr, c.business_id, c.caller, count(*), sum(coalesce(c.answered, false)::int), sum(coalesce(NOT c.answered, false)::int),
           coalesce(sum(CASE WHEN c.ended_at > c.started_at THEN c.ended_at - c.started_at END), '0'), min(c.started_at), max(c.started_at),
           CASE WHEN c.caller IS NOT NULL THEN min(c.started_at) = (SELECT min(e.started_at) FROM call AS e
               WHERE e.business_id IS NOT DISTINCT FROM c.business_id AND e.caller = c.caller)
               AND NOT (c.business_id IS NOT DISTINCT FROM 'T-a' AND c.caller = '+2') END,
           (SELECT k.contact_id FROM public.contact AS k JOIN public.phone_details AS p USING (contact_id)
            WHERE k.business_id = c.business_id AND p.number = c.caller ORDER BY k.contact_id COLLATE "C" LIMIT 1),
           (SELECT k.display_name FROM public.contact AS k JOIN public.phone_details AS p USING (contact_id)
            WHERE k.business_id = c.business_id AND p.number = c.caller ORDER BY k.contact_id COLLATE "C" LIMIT 1)
    FROM asked AS a
    JOIN call AS c ON c.started_at >= a.since AND c.started_at < a.until AND (a.business_id IS NULL OR a.business_id = c.business_id)
    GROUP BY a.nr, c.business_id, c.caller
)
SELECT (SELECT count(*) > 500 AND bool_or(is_new) AND bool_or(NOT is_new) AND bool_or(display_name IS NOT NULL) FROM report) AS has_rows,
       count(*) AS differences
FROM ((SELECT nr, business_id, caller, calls, answered, missed, total_duration, first_call, last_call, is_new, contact_id, display_name
       FROM report EXCEPT TABLE plain)
      UNION ALL
      (TABLE plain EXCEPT
       SELECT nr, business_id, caller, calls, answered, missed, total_duration, first_call, last_call, is_new, contact_id, display_name
       FROM report)) AS d;
-- The number's country and type: the contact's own, else whatever is known of the number.
SELECT business_id, caller, is_new, contact_id, display_name, country, number_type
FROM mrcall.callers('2026-03-20Z', '2026-06-01Z') WHERE caller ~ '^\+[1-5]$' AND business_id LIKE 'T-%' ORDER BY 1, 2;

-- The flow: each call's list walked with generate_subscripts.
CREATE TEMP TABLE path ON COMMIT DROP AS
SELECT c.call_id, c.business_id, c.started_at, x.states
FROM call AS c
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT array_agg(e #>> '{}' ORDER BY n)
                     FROM jsonb_array_elements(CASE WHEN jsonb_typeof(c.state_variables -> 'states') = 'array'
                                                    THEN c.state_variables -> 'states' END) WITH ORDINALITY AS s (e, n)
                     WHERE jsonb_typeof(e) <> 'null'),
                    ARRAY[coalesce(c.state_variables ->> 'state', '(not set)')]) AS states
) AS x;
WITH filter AS (
    SELECT a.*, NULL AS template FROM asked AS a UNION ALL SELECT a.nr + 100, a.since, a.until, a.business_id, 'T-odd' FROM asked AS a
),
report AS (
    SELECT f.nr, r.* FROM filter AS f, mrcall.flow(f.since, f.until, f.business_id, f.template) AS r
),
visit AS (
    SELECT f.nr, p.call_id, p.started_at, i, p.states[i] AS state, p.states[i + 1] AS next_state, i = array_upper(p.states, 1) AS is_last
    FROM filter AS f
    JOIN path AS p ON p.started_at >= f.since AND p.started_at < f.until AND (f.business_id IS NULL OR f.business_id = p.business_id)
        AND (f.template IS NULL OR p.business_id = 'T-a')
    CROSS JOIN LATERAL generate_subscripts(p.states, 1) AS i
),
plain AS (
    SELECT f.nr, s.state, (SELECT count(DISTINCT (v.call_id, v.started_at)) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state),
           (SELECT count(*) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state),
           (SELECT count(*) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state AND v.i = 1),
           (SELECT count(*) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state AND v.is_last),
           CASE WHEN s.in_table THEN (SELECT count(*) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state AND v.is_last
                                        AND s.transition IS NOT NULL) END,
           (SELECT count(*) FROM visit AS v WHERE v.nr = f.nr AND v.state = s.state AND EXISTS (
               SELECT FROM visit AS w
               WHERE (w.nr, w.call_id, w.started_at, w.state) = (v.nr, v.call_id, v.started_at, v.state) AND w.i < v.i)),
           coalesce((SELECT jsonb_object_agg(n.next_state, n.times) FROM (
               SELECT v.next_state, count(*) AS times FROM visit AS v
               WHERE v.nr = f.nr AND v.state = s.state AND NOT v.is_last GROUP BY 1) AS n), '{}'),
           s.in_table, s.transition
    FROM filter AS f
    CROSS JOIN LATERAL (
        SELECT d.state, true AS in_table, d.transition FROM public.decision_table AS d
        UNION
        SELECT v.state, false, NULL FROM visit AS v
        WHERE v.nr = f.nr AND v.state NOT IN (SELECT d.state FROM public.decision_table AS d)) AS s
)
SELECT (SELECT bool_or(loops > 0) AND bool_or(NOT in_table) AND bool_or(calls = 0) AND bool_or(drop_offs > 0) FROM report) AS has_rows,
       count(*) AS differences,
       (SELECT bool_and(entries = calls AND exits = calls) FROM (
            SELECT f.nr, (SELECT count(*) FROM path AS p WHERE p.started_at >= f.since AND p.started_at < f.until
                            AND (f.business_id IS NULL OR f.business_id = p.business_id)) AS calls,
                   sum(r.entries) AS entries, sum(r.exits) AS exits
            FROM filter AS f JOIN report AS r USING (nr)
            WHERE f.template IS NULL GROUP BY f.nr, f.since, f.until, f.business_id) AS t) AS reconciles
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;

-- Use of the allowance, at several instants: the first of a month in some zones and not in others, a month's start itself.
CREATE TEMP TABLE moment ON COMMIT DROP AS
SELECT at::timestamptz
FROM unnest('{2026-04-15 12:00Z,2026-05-01 00:00Z,2026-05-01 03:00Z,2026-05-20 12:34:56.789Z,2020-01-01Z,2026-04-01 04:00Z}'::text[]) AS at;
WITH report AS (
    SELECT m.at, r.* FROM moment AS m, mrcall.resource_usage(m.at) AS r
),
month AS (
    SELECT m.at, b.business_id, b.template, o.zone, date_trunc('month', m.at, o.zone) AS since,
           (date_trunc('month', m.at AT TIME ZONE o.zone) + interval '1 month') AT TIME ZONE o.zone AS until
    FROM moment AS m, public.business AS b JOIN own_zone AS o USING (business_id)
),
figure AS (
    SELECT m.*, k.category,
           (SELECT sum(r.amount) FROM public.business_resources AS r WHERE r.business_id = m.business_id AND r.category = k.category
              AND r.created_at <= m.at AND coalesce(r.expiration, 'infinity') > m.at) AS granted,
           (SELECT max(coalesce(r.expiration, 'infinity')) FROM public.business_resources AS r
            WHERE r.business_id = m.business_id AND r.category = k.category
              AND r.created_at <= m.at AND coalesce(r.expiration, 'infinity') > m.at) AS expiration,
           (SELECT CASE WHEN t.recurrent_resources ->> k.category ~ '^[0-9.]+$' THEN (t.recurrent_resources ->> k.category)::numeric END
            FROM public.template AS t WHERE t.name = m.template) AS recurrent,
           CASE k.category
               WHEN 'calls' THEN (SELECT count(*) FROM call AS c
                   WHERE c.business_id = m.business_id AND c.started_at >= m.since AND c.started_at < m.at)
               WHEN 'minutes' THEN (SELECT coalesce(round(sum(extract(epoch FROM c.ended_at - c.started_at)) / 60, 2), 0) FROM call AS c
                   WHERE c.business_id = m.business_id AND c.started_at >= m.since AND c.started_at < m.at
                     AND c.ended_at > c.started_at) END AS used
    FROM month AS m
    CROSS JOIN LATERAL (
        SELECT r.category FROM public.business_resources AS r WHERE r.business_id = m.business_id
           AND r.created_at <= m.at AND coalesce(r.expiration, 'infinity') > m.at
        UNION
        SELECT k FROM public.template AS t, jsonb_object_keys(CASE WHEN t.name <> 'T-list' THEN t.recurrent_resources END) AS k
        WHERE t.name = m.template) AS k
)
SELECT (SELECT count(*) > 300 AND bool_or(remaining < 0) AND bool_or(share > 0.3) FROM report) AS has_rows, count(*) AS differences
FROM ((SELECT at, business_id, template, category, period_start, period_end, granted, recurrent, allowance, used, remaining FROM report
       EXCEPT SELECT at, business_id, template, category, since, until, granted, recurrent, coalesce(granted, recurrent), used,
                     coalesce(granted, recurrent) - used FROM figure)
      UNION ALL
      (SELECT at, business_id, template, category, since, until, granted, recurrent, coalesce(granted, recurrent), used,
              coalesce(granted, recurrent) - used FROM figure
       EXCEPT SELECT at, business_id, template, category, period_start, period_end, granted, recurrent, allowance, used, remaining
              FROM report)) AS d;
-- The rest of each row follows from it, and the day is one at which the straight line is at zero.
SELECT bool_and(r.share IS NOT DISTINCT FROM CASE WHEN r.allowance > 0 THEN round(r.used / r.allowance, 4) END) AS shares,
       bool_and(r.per_day IS NOT DISTINCT FROM CASE WHEN m.at > r.period_start
           THEN round(r.used / (extract(epoch FROM m.at - r.period_start) / 86400), 4) END) AS rates,
       bool_and(r.runs_out_on IS NULL OR r.remaining <= 0
                OR abs(r.remaining / r.per_day - (extract(epoch FROM r.runs_out_on::timestamptz - m.at) / 86400)) < 2.5) AS days,
       count(r.runs_out_on) > 10 AS some, bool_or(r.runs_out_on IS NULL AND r.used > 0) AS not_all
FROM moment AS m, mrcall.resource_usage(m.at) AS r;
SELECT category, granted, recurrent, allowance, used, remaining, share, per_day, runs_out_on
FROM mrcall.resource_usage('2026-05-15Z', 'T-a') UNION ALL
SELECT category, granted, recurrent, allowance, used, remaining, share, per_day, runs_out_on
FROM mrcall.resource_usage('2026-05-15Z', 'T-b') UNION ALL
SELECT category, granted, recurrent, allowance, used, remaining, share, per_day, runs_out_on
FROM mrcall.resource_usage('2026-05-15Z', 'T-c');

-- Health, business by business.
WITH report AS (
    SELECT m.at, r.* FROM moment AS m, mrcall.business_health(m.at) AS r
),
known AS (
    SELECT m.at, b.business_id FROM moment AS m, public.business AS b
    UNION
    SELECT m.at, c.business_id FROM moment AS m JOIN call AS c ON c.started_at < m.at
),
plain AS (
    SELECT k.at, k.business_id, b.template, b.subscription_status, b.created_at,
           floor(extract(epoch FROM k.at - b.created_at) / 86400)::int,
           n.c7, n.c14 - n.c7, n.c30, n.c60 - n.c30,
           CASE WHEN n.c60 > n.c30 THEN round(n.c30::numeric / (n.c60 - n.c30) - 1, 4) END,
           n.answered, n.last_call, floor(extract(epoch FROM k.at - n.last_call) / 86400)::int
    FROM known AS k
    LEFT JOIN public.business AS b ON b.business_id = k.business_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.age <= interval '168:00:00') AS c7, count(*) FILTER (WHERE c.age <= interval '336:00:00') AS c14,
               count(*) FILTER (WHERE c.age <= interval '720:00:00') AS c30, count(*) FILTER (WHERE c.age <= interval '1440:00:00') AS c60,
               round(avg(c.answered::int) FILTER (WHERE c.age <= interval '720:00:00'), 4) AS answered, max(c.started_at) AS last_call
        FROM (SELECT x.*, make_interval(secs => extract(epoch FROM k.at - x.started_at)::float8) AS age FROM call AS x) AS c
        WHERE c.business_id IS NOT DISTINCT FROM k.business_id AND c.started_at < k.at) AS n
)
SELECT (SELECT count(*) > 300 AND bool_or(trend > 0) AND bool_or(trend < 0) FROM report) AS has_rows, count(*) AS differences
FROM ((SELECT at, business_id, template, subscription_status, created_at, days_since_created, calls_7d, calls_7d_before, calls_30d,
              calls_30d_before, trend, answered_share, last_call, days_since_last_call FROM report EXCEPT TABLE plain)
      UNION ALL
      (TABLE plain EXCEPT SELECT at, business_id, template, subscription_status, created_at, days_since_created, calls_7d, calls_7d_before,
              calls_30d, calls_30d_before, trend, answered_share, last_call, days_since_last_call FROM report)) AS d;
SELECT business_id, calls_30d, calls_30d_before, answered_share, days_since_last_call, flags
FROM mrcall.business_health('2026-05-20Z') WHERE business_id LIKE 'T-%' OR business_id IS NULL ORDER BY 1;
SELECT sum(h.calls_30d) = (SELECT count(*) FROM call AS c WHERE c.started_at >= timestamptz '2026-05-20Z' - interval '720:00:00'
                             AND c.started_at < '2026-05-20Z') AS reconciles
FROM mrcall.business_health('2026-05-20Z') AS h;

-- All of them read only.
SET TRANSACTION READ ONLY;
SELECT (SELECT count(*) FROM mrcall.call_heatmap('2026-04-01', '2026-05-01')) AS cells,
       (SELECT count(*) > 0 FROM mrcall.callers('2026-04-01', '2026-05-01'))
           AND (SELECT count(*) > 0 FROM mrcall.flow('2026-04-01', '2026-05-01'))
           AND (SELECT count(*) > 0 FROM mrcall.resource_usage()) AND (SELECT count(*) > 0 FROM mrcall.business_health()) AS read_only;
