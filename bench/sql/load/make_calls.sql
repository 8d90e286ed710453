-- Fills an empty reference schema with calls alone, for the jobs on calls: as many as `calls` says, of 20,000 businesses, in the
-- 45 weeks of 7-day chunks that end at 2026-05-28 00:00 UTC. Run with psql:
--   psql -d DATABASE -v calls=5000000 -v seed=42 -f make_calls.sql
-- A few businesses have most of the calls, callers come back, one call in a hundred has no end or none that is an instant.
-- Every value is a hash of the seed, the row and the value's purpose.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL search_path = public, pg_temp;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL work_mem = '256MB';
\ir ../../../sql/demo/generate/functions.sql

CREATE TEMP TABLE made_business ON COMMIT DROP AS
SELECT b.key, pg_temp.uuid_text(b.key) AS business_id, b.contacts,
       round(:calls * sum(b.weight) OVER w / sum(b.weight) OVER ())::bigint
           - round(:calls * (sum(b.weight) OVER w - b.weight) / sum(b.weight) OVER ())::bigint AS calls
FROM (SELECT k.key, n, exp(1.2 * pg_temp.normal(31, k.key))::numeric AS weight, 20 + pg_temp.pick(200, 33, k.key) AS contacts
      FROM generate_series(1, 20000) AS n
      CROSS JOIN LATERAL (SELECT pg_temp.thing(5, n) AS key OFFSET 0) AS k) AS b
WINDOW w AS (ORDER BY b.n);
INSERT INTO public.business (business_id, created_at) SELECT business_id, '2025-07-01 00:00+00' FROM made_business;
-- Any of them by its number, for clients that ask for one.
CREATE TABLE public.bench_business (nr int PRIMARY KEY, business_id text NOT NULL);
INSERT INTO public.bench_business SELECT row_number() OVER (ORDER BY business_id COLLATE "C"), business_id FROM made_business;

-- In order of time, as calls come.
INSERT INTO public.sessions (id, business_id, start_timestamp, state_variables, data)
SELECT pg_temp.time_uuid(d.started_at, d.key), d.business_id, d.started_at,
       jsonb_build_object('state', CASE WHEN d.outcome = 'completed' THEN 'goodbye' ELSE 'greeting' END, 'BUSINESS_OPEN', true),
       CASE
           WHEN d.chance < 0.008 THEN '{}'
           WHEN d.chance < 0.01 THEN '{"end_timestamp": "unknown"}'
           ELSE jsonb_build_object('end_timestamp',
               to_char(d.started_at + d.seconds * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
       END
       || jsonb_build_object('answered', d.outcome NOT IN ('missed', 'abandoned'), 'outcome', d.outcome, 'medium', d.medium,
                             'language', 'it-IT')
       || CASE WHEN d.medium = 'web' THEN '{}'
               ELSE jsonb_build_object('caller', '+39' || pg_temp.digits(10, 34, pg_temp.part(d.caller_nr, d.business_key))) END
FROM (
    SELECT o.*, CASE WHEN o.outcome IN ('missed', 'abandoned') THEN round((25 * pg_temp.u(8, o.key))::numeric, 3)
                ELSE round(least(21600, exp(4.3 + 0.9 * pg_temp.normal(9, o.key)))::numeric, 3) END AS seconds
    FROM (
        SELECT c.*, pg_temp.zipf(c.contacts, 1, c.key) AS caller_nr, pg_temp.u(4, c.key) AS chance,
               CASE WHEN pg_temp.u(2, c.key) < 0.9 THEN 'phone' ELSE 'web' END AS medium,
               (ARRAY['completed', 'completed', 'completed', 'transferred', 'voicemail', 'missed', 'spam', 'abandoned'])
                   [pg_temp.pick(8, 3, c.key)] AS outcome
        FROM (
            SELECT b.business_id, b.key AS business_key, b.contacts, k.key,
                   timestamptz '2025-07-17 00:00+00' + floor(315 * pg_temp.u(6, k.key)) * interval '1 day'
                       -- Most of them by day.
                       + floor(86400000 * (pg_temp.u(10, k.key) + pg_temp.u(11, k.key) + pg_temp.u(12, k.key)) / 3) * interval '1 ms'
                       AS started_at
            FROM made_business AS b
            CROSS JOIN LATERAL generate_series(1, b.calls) AS n
            CROSS JOIN LATERAL (SELECT pg_temp.part(n, b.key) AS key OFFSET 0) AS k
            ORDER BY 5, 4
            OFFSET 0
        ) AS c
        OFFSET 0
    ) AS o
    OFFSET 0
) AS d;
COMMIT;
