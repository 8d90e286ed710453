-- Calls, three to a browser, with their index and what other channels log of them.

SELECT greatest(count(*), 1) AS businesses FROM demo_business \gset

CREATE TEMP VIEW demo_call AS
SELECT
    pg_temp.time_uuid(c.started_at, c.key) AS id, c.business_id, c.owner, c.started_at, c.key, c.business_key, c.dial,
    c.language, c.time_zone, c.caller_nr, c.medium, c.outcome, c.chance,
    -- Seconds: short for calls that nobody takes, heavy-tailed for the others, never beyond six hours.
    CASE
        WHEN c.chance < 0.003 THEN 0
        WHEN c.outcome IN ('missed', 'abandoned') THEN 1 + 24 * pg_temp.u(8, c.key)
        ELSE least(21600, exp(CASE c.outcome
            WHEN 'completed' THEN 4.3
            WHEN 'transferred' THEN 4.9
            WHEN 'voicemail' THEN 3.5
            ELSE 2.5
        END + 0.9 * pg_temp.normal(9, c.key)) * CASE WHEN pg_temp.u(11, c.key) < 0.005 THEN 25 ELSE 1 END)
    END AS seconds
FROM (
    SELECT
        n.*, b.business_id, b.owner, b.key AS business_key, b.dial, b.language, b.time_zone,
        -- Callers come back: the first ones often, most of the many others once.
        pg_temp.zipf(b.contacts * 3 + 12 + :visitors / (4 * n.rank), 1, n.key) AS caller_nr,
        CASE WHEN pg_temp.u(2, n.key) < 0.86 THEN 'phone' WHEN pg_temp.u(2, n.key) < 0.94 THEN 'web' ELSE 'whatsapp' END
            AS medium,
        CASE
            WHEN pg_temp.u(3, n.key) < 0.52 THEN 'completed'
            WHEN pg_temp.u(3, n.key) < 0.68 THEN 'transferred'
            WHEN pg_temp.u(3, n.key) < 0.78 THEN 'voicemail'
            WHEN pg_temp.u(3, n.key) < 0.90 THEN 'missed'
            WHEN pg_temp.u(3, n.key) < 0.96 THEN 'spam'
            ELSE 'abandoned'
        END AS outcome,
        pg_temp.u(4, n.key) AS chance
    FROM (
        -- When: by the clock of the business, or just anywhere in its time where that falls outside of it.
        SELECT
            w.key, w.rank,
            CASE
                WHEN w.started_at >= w.calls_from AND w.started_at < pg_temp.period_end() THEN w.started_at
                ELSE date_trunc('milliseconds',
                    w.calls_from + (pg_temp.period_end() - w.calls_from) * pg_temp.u(5, w.key))
            END AS started_at
        FROM (
            SELECT
                d.key, d.rank, d.calls_from,
                (timestamp :'period_start'
                    + floor(1000 * (pg_temp.time_of_day(14, d.key)
                        + 86400 * pg_temp.busy_day(d.day, pg_temp.u(7, d.key)))) * interval '1 millisecond')
                    AT TIME ZONE d.time_zone AS started_at
            FROM (
                SELECT
                    r.key, r.rank, f.calls_from, b.time_zone,
                    f.day + floor((120 - f.day) * pg_temp.u(6, r.key))::integer AS day
                FROM (
                    SELECT k.key, CASE
                        WHEN pg_temp.u(12, k.key) < 0.5 THEN pg_temp.zipf(:businesses, 13, k.key)
                        ELSE pg_temp.pick(:businesses, 13, k.key)
                    END AS rank
                    FROM (
                        SELECT pg_temp.thing(3, n) AS key
                        FROM generate_series(1::bigint, :visitors * 3::bigint) AS n
                        OFFSET 0
                    ) k
                    OFFSET 0
                ) r
                JOIN demo_business b USING (rank)
                CROSS JOIN LATERAL (
                    SELECT
                        greatest(b.created_at + interval '10 minutes', pg_temp.period_start()) AS calls_from,
                        greatest(0, extract(day FROM b.created_at - pg_temp.period_start()))::integer AS day
                ) f
                OFFSET 0
            ) d
            OFFSET 0
        ) w
        ORDER BY 3, 1
        OFFSET 0
    ) n
    JOIN demo_business b USING (rank)
    OFFSET 0
) c;

-- One call in two hundred never ended as far as the log knows, a few fields are not what they should be.
INSERT INTO public.sessions (id, business_id, owner, start_timestamp, state_variables, data)
SELECT
    d.id, d.business_id, d.owner, d.started_at,
    jsonb_build_object(
        'state', CASE d.outcome
            WHEN 'completed' THEN CASE WHEN pg_temp.u(20, d.key) < 0.6 THEN 'goodbye' ELSE 'appointment_confirmed' END
            WHEN 'transferred' THEN 'transfer'
            WHEN 'voicemail' THEN 'take_message'
            WHEN 'missed' THEN 'start'
            WHEN 'spam' THEN 'spam_check'
            ELSE CASE WHEN pg_temp.u(20, d.key) < 0.5 THEN 'greeting' ELSE 'ask_reason' END
        END,
        'BUSINESS_OPEN', pg_temp.u(21, d.key) < 0.8)
    || CASE
        WHEN d.outcome IN ('completed', 'transferred', 'voicemail') THEN jsonb_build_object(
            'CALLER_NAME', pg_temp.caller_name(d.caller_nr, d.business_key),
            'CALL_REASON',
            (ARRAY['booking', 'opening_hours', 'price', 'complaint', 'other'])[pg_temp.zipf(5, 22, d.key)])
        ELSE '{}'
    END,
    CASE
        WHEN d.chance >= 0.99 AND d.chance < 0.995 THEN '{}'
        WHEN d.chance >= 0.9985 AND d.chance < 0.999 THEN '{"end_timestamp": "unknown"}'
        WHEN d.chance >= 0.999 AND d.chance < 0.9993 THEN '{"end_timestamp": "2026-02-30T10:00:00Z"}'
        -- With the offset of the business's zone instead of UTC.
        WHEN d.chance >= 0.1 AND d.chance < 0.2 THEN jsonb_build_object('end_timestamp',
            to_char(d.ended_at AT TIME ZONE d.time_zone, 'YYYY-MM-DD"T"HH24:MI:SS.MS') || CASE
                WHEN (d.ended_at AT TIME ZONE d.time_zone) < (d.ended_at AT TIME ZONE 'UTC') THEN
                    '-' || to_char((d.ended_at AT TIME ZONE 'UTC') - (d.ended_at AT TIME ZONE d.time_zone), 'HH24:MI')
                ELSE '+' || to_char((d.ended_at AT TIME ZONE d.time_zone) - (d.ended_at AT TIME ZONE 'UTC'), 'HH24:MI')
            END)
        ELSE jsonb_build_object('end_timestamp',
            to_char(d.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    END
    || CASE
        WHEN d.chance >= 0.9993 AND d.chance < 0.9996 THEN '{"answered": "maybe"}'
        ELSE jsonb_build_object('answered', d.outcome NOT IN ('missed', 'abandoned'))
    END
    -- One provider in twenty does not say when; a clock that is wrong says an instant behind the end.
    || CASE
        WHEN d.is_taken AND pg_temp.u(31, d.key) >= 0.05 AND d.chance < 0.9985 AND (d.chance < 0.99 OR d.chance >= 0.995) THEN
            jsonb_build_object('answered_at', to_char((d.started_at + floor(1000 * d.waited) * interval '1 millisecond'
                + CASE WHEN pg_temp.u(31, d.key) > 0.9995 THEN d.ended_at - d.started_at + interval '1 minute' ELSE '0' END)
                AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        ELSE '{}'
    END
    || CASE
        -- A transferred call is taken by one of three people, the others by the assistant.
        WHEN d.is_taken THEN jsonb_build_object('agent', CASE
            WHEN d.outcome = 'transferred' THEN pg_temp.person(36, pg_temp.part(pg_temp.pick(3, 32, d.key), d.business_key))
            ELSE 'assistant'
        END)
        ELSE '{}'
    END
    -- Some calls go out: somebody is called back.
    || jsonb_build_object('direction', CASE WHEN pg_temp.u(33, d.key) < 0.04 THEN 'outbound' ELSE 'inbound' END)
    || CASE
        WHEN d.medium = 'web' OR pg_temp.u(23, d.key) < 0.03 THEN '{}'
        ELSE jsonb_build_object('caller', pg_temp.caller_number(d.caller_nr, d.business_key, d.dial))
    END
    || jsonb_build_object('outcome', d.outcome, 'medium', d.medium, 'language',
        CASE WHEN pg_temp.u(24, d.key) < 0.9 THEN d.language ELSE 'en-US' END)
FROM (
    SELECT
        c.*, c.started_at + floor(1000 * c.seconds) * interval '1 millisecond' AS ended_at,
        c.outcome NOT IN ('missed', 'abandoned') AS is_taken,
        -- The assistant takes a call after two rings; where lines are busy or a person is wanted it takes longer.
        least(0.8 * c.seconds, 1 + 4 * pg_temp.u(34, c.key) + CASE
            WHEN pg_temp.u(35, c.key) < CASE c.outcome WHEN 'transferred' THEN 0.35 ELSE 0.08 END
                THEN -25 * ln(1 - pg_temp.u(35, pg_temp.part(35, c.key)))
            ELSE 0
        END) AS waited
    FROM demo_call c
    OFFSET 0
) d;
\set stage calls
\ir done.sql
DROP VIEW demo_call;

INSERT INTO public.sessions_ids (id, start_timestamp)
SELECT id, start_timestamp FROM public.sessions;
\set stage 'call ids'
\ir done.sql

INSERT INTO public.webcall_registry (id, session_id, business_id, user_agent, document, created_at)
SELECT
    'web-' || s.id, s.id, s.business_id, a.user_agent, '{"status": "ended"}', s.start_timestamp - interval '2 seconds'
FROM public.sessions s
JOIN demo_agent a ON a.agent = 1 + (hashtextextended(s.id, 0) & 3)
WHERE s.data ->> 'medium' = 'web';
\set stage 'web calls'
\ir done.sql

INSERT INTO public.whatsapp_messages
    (id, business_id, session_id, direction, from_number, to_number, body, status, created_at)
SELECT
    'wamid.' || m.nr || '.' || s.id, s.business_id, s.id, m.direction,
    CASE m.nr WHEN 1 THEN n.caller ELSE n.service END, CASE m.nr WHEN 1 THEN n.service ELSE n.caller END, m.body,
    m.status,
    s.start_timestamp + m.nr * interval '5 seconds'
FROM public.sessions s
JOIN public.business b USING (business_id)
CROSS JOIN LATERAL (
    SELECT coalesce(s.data ->> 'caller', 'anonymous') AS caller,
        coalesce(b.service_number, b.business_phone_number) AS service
) n
CROSS JOIN (
    VALUES (1, 'inbound', 'Hello, are you open today?', 'received'), (2, 'outbound', 'Yes, until 18:00.', 'delivered')
) AS m (nr, direction, body, status)
WHERE s.data ->> 'medium' = 'whatsapp';
\set stage 'WhatsApp messages'
\ir done.sql
