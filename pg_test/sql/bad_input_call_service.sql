-- Bad arguments of mrcall.call_service, and bad rows below it.
SET client_min_messages = warning;
\set r '''2026-04-01''::timestamptz, ''2026-05-01''::timestamptz'
SELECT * FROM mrcall.call_service(NULL, :r);
SELECT * FROM mrcall.call_service('1 day', NULL, '2026-05-01Z'::timestamptz);
SELECT * FROM mrcall.call_service('1 day', '2026-04-01Z'::timestamptz, NULL);
SELECT * FROM mrcall.call_service('1 day', :r, NULL);
SELECT * FROM mrcall.call_service('1 day', :r, 'Europe/Atlantis');
SELECT * FROM mrcall.call_service('0', :r);
SELECT * FROM mrcall.call_service('1 month 1 day', :r);
SELECT * FROM mrcall.call_service('1 day', '2026-05-01Z'::timestamptz, '2026-05-01Z'::timestamptz);
SELECT * FROM mrcall.call_service('1 day', '-infinity'::timestamptz, '2026-05-01Z'::timestamptz);
SELECT * FROM mrcall.call_service('1 day', :r, within => NULL);
SELECT * FROM mrcall.call_service('1 day', :r, within => '-1 second');
SELECT * FROM mrcall.call_service('1 day', :r, within => '1 month');
SELECT * FROM mrcall.call_service('1 day', :r, short_abandon => NULL);
SELECT * FROM mrcall.call_service('1 day', :r, short_abandon => '-1 microsecond');
SELECT * FROM mrcall.call_service('1 day', :r, short_abandon => '1 year');
SELECT * FROM mrcall.call_service('1 day', :r, origin => 'infinity');
SELECT * FROM mrcall.call_service('1 second', '2020-01-01Z'::timestamptz, '2026-01-01Z'::timestamptz);

-- A business that nobody knows is a warning, and its rows are there.
SELECT count(*) AS days, sum(offered) AS offered, count(service_level) AS levels, count(longest_wait) AS waits, max(peak_waiting) AS peak
FROM mrcall.call_service('1 day', :r, 'UTC', 'nobody');
SELECT count(*) AS days FROM mrcall.call_service('1 day', :r, 'UTC', 'Europe/Rome');
SELECT count(*) AS rows FROM mrcall.call_service('1 day', '4713-01-01 BC'::timestamptz, '4712-01-01 BC'::timestamptz);

-- Fields that do not parse, answers outside of their calls, an end before the start, infinite instants.
INSERT INTO public.sessions (id, business_id, start_timestamp, data) VALUES
    ('T-1', 'W-business-calls', '2026-05-04 10:00Z', '{"answered_at": "soon", "end_timestamp": "2026-05-04T10:05:00Z"}'),
    ('T-2', 'W-business-calls', '2026-05-04 10:00Z',
        '{"answered_at": "2026-05-04T09:59:59Z", "answered": true, "end_timestamp": "2026-05-04T10:05:00Z"}'),
    ('T-3', 'W-business-calls', '2026-05-04 10:00Z', '{"answered_at": "2026-05-04T10:05:01Z", "end_timestamp": "2026-05-04T10:05:00Z"}'),
    ('T-4', 'W-business-calls', '2026-05-04 10:00Z', '{"answered_at": "2026-05-04T10:00:10Z", "end_timestamp": "2026-05-04T09:00:00Z"}'),
    ('T-5', 'W-business-calls', '2026-05-04 10:00Z', '{"answered_at": ["2026-05-04T10:00:10Z"], "direction": {"a": "outbound"}}'),
    ('T-6', 'W-business-calls', '2026-05-04 10:00Z', '{"answered_at": "2026-05-04T12:00:21+02:00", "direction": "outgoing", "agent": 7}'),
    ('T-7', 'W-business-calls', '2026-05-04 10:00Z', '{"direction": "outbound", "end_timestamp": "2026-05-04T10:05:00Z"}'),
    ('T-8', 'W-business-calls', '2026-05-04 10:00Z', 'null');
SELECT call_id, answered_at AT TIME ZONE 'UTC' AS answered_at, direction, agent FROM mrcall.calls WHERE call_id LIKE 'T-%' ORDER BY 1;
SELECT offered, answered, abandoned, waiting, service_level, mean_wait, p95_wait, longest_wait, mean_talk, mean_handle,
       peak_waiting, in_time, counted
FROM mrcall.call_service('1 day', '2026-05-04Z'::timestamptz, '2026-05-05Z'::timestamptz, 'UTC', 'W-business-calls');
SELECT object, finding FROM mrcall.doctor() WHERE object IN ('calls.answered_at', 'calls.direction') ORDER BY 1, 2;
-- Before attach.
DROP VIEW mrcall.conversions CASCADE;
SELECT * FROM mrcall.call_service('1 day', :r);
