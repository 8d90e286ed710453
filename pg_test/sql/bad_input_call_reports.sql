-- Bad arguments of the reports of calls, and bad rows below them.
SET client_min_messages = warning;
\set r '''2026-04-01''::timestamptz, ''2026-05-01''::timestamptz'
SELECT * FROM mrcall.call_heatmap(NULL, '2026-05-01');
SELECT * FROM mrcall.call_heatmap('2026-04-01', NULL);
SELECT * FROM mrcall.call_heatmap('-infinity', '2026-05-01');
SELECT * FROM mrcall.call_heatmap('2026-05-01', '2026-05-01');
SELECT * FROM mrcall.call_heatmap(:r, zone => 'Europe/Atlantis');
SELECT * FROM mrcall.call_heatmap(:r, zone => '');
SELECT * FROM mrcall.call_heatmap(:r, zone => 'FOO+3');
SELECT * FROM mrcall.callers(NULL, '2026-05-01');
SELECT * FROM mrcall.callers('2026-04-01', 'infinity');
SELECT * FROM mrcall.callers('2026-05-01', '2026-04-01');
SELECT * FROM mrcall.flow('2026-04-01', NULL);
SELECT * FROM mrcall.flow('2026-04-01', 'infinity');
SELECT * FROM mrcall.flow('2026-05-01', '2026-04-01');
SELECT * FROM mrcall.resource_usage(NULL);
SELECT * FROM mrcall.resource_usage('infinity');
SELECT * FROM mrcall.resource_usage('294276-12-31');
SELECT * FROM mrcall.business_health(NULL);
SELECT * FROM mrcall.business_health('-infinity');
SELECT * FROM mrcall.business_health('4714-12-01 BC');

-- A business, template or range without calls is no error: nothing is in it.
SELECT count(*) AS cells, sum(calls) AS calls, count(mean_duration) AS means FROM mrcall.call_heatmap(:r, 'nobody');
SELECT count(*) AS callers FROM mrcall.callers(:r, 'nobody');
SELECT count(*) > 0 AS listed, sum(calls) AS calls, sum(entries + exits + visits + loops + drop_offs) AS figures
FROM mrcall.flow(:r, template => 'none');
SELECT count(*) AS categories FROM mrcall.resource_usage('2026-05-01', 'nobody');
SELECT sum(calls_30d) AS calls, bool_and('never_called' = ANY (flags)) AS never FROM mrcall.business_health('2001-01-01');
SELECT count(*) AS cells FROM mrcall.call_heatmap('4713-01-01 BC', '294246-12-31');

-- Rows that are bad: an end before the start, a week, infinite expirations, a business without an id, one with two rows.
ALTER TABLE public.business DROP CONSTRAINT business_pkey CASCADE;
ALTER TABLE public.business ALTER COLUMN business_id DROP NOT NULL;
INSERT INTO public.business (business_id, template, time_zone, created_at) VALUES
    ('T-twice', 'generic', 'no zone', '2026-04-02Z'), ('T-twice', 'hotel', '', 'infinity'), (NULL, 'generic', 'UTC', '-infinity');
INSERT INTO public.business_resources (business_id, category, expiration, amount, created_at) VALUES
    ('T-twice', 'minutes', 'infinity', 1e30, '-infinity'), ('T-twice', 'calls', '-infinity', 5, '2026-01-01Z'),
    ('T-twice', 'x', NULL, -7, '2026-01-01Z'), (NULL, 'calls', NULL, 1, '2026-01-01Z');
INSERT INTO public.sessions (id, business_id, start_timestamp, state_variables, data) VALUES
    ('T-1', 'T-twice', '2026-05-04 10:00Z', '{"states": ["start", ["nested"], {"a": 1}, 7, true, "start"]}',
        '{"end_timestamp": "2026-05-11T10:00:00Z"}'),
    ('T-2', 'T-twice', '2026-05-04 10:00Z', '{"states": {"0": "start"}, "state": ["x"]}', '{"end_timestamp": "2026-05-03T10:00:00Z"}'),
    ('T-3', 'T-twice', '2026-05-04 11:00Z', 'null', 'null'), ('T-4', NULL, '2026-05-04 11:00Z', '[]', '"text"'),
    ('T-5', 'T-twice', '2026-05-04 12:00Z', '{}', ('{"caller": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
SELECT weekday, hour, calls, mean_duration FROM mrcall.call_heatmap('2026-05-04Z', '2026-05-05Z', 'T-twice') WHERE calls > 0;
SELECT left(caller, 4) AS caller, length(caller) AS length, calls, total_duration, is_new
FROM mrcall.callers('2026-05-04Z', '2026-05-05Z', 'T-twice');
SELECT state, calls, visits, entries, exits, loops, next_states FROM mrcall.flow('2026-05-04Z', '2026-05-05Z', 'T-twice') WHERE calls > 0;
SELECT template, category, granted, recurrent, used, remaining, share, runs_out_on FROM mrcall.resource_usage('2026-05-12Z', 'T-twice');
SELECT template, days_since_created, calls_30d, flags FROM mrcall.business_health('2026-05-12Z')
WHERE business_id = 'T-twice' OR business_id IS NULL;
SELECT finding FROM mrcall.doctor() WHERE object = 'businesses.zone';
-- Before attach.
DROP VIEW mrcall.conversions CASCADE;
SELECT * FROM mrcall.call_heatmap(:r);
SELECT * FROM mrcall.callers(:r);
SELECT * FROM mrcall.flow(:r);
SELECT * FROM mrcall.resource_usage();
SELECT * FROM mrcall.business_health();
