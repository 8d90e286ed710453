-- The fields of data as typed columns, parsed on loading: the column stores are spared the JSON that PostgreSQL reads.
SELECT business_id, (extract(epoch FROM start_timestamp) * 1000000)::bigint AS started_at,
       (extract(epoch FROM mrcall.try_timestamptz(data ->> 'end_timestamp')) * 1000000)::bigint AS ended_at,
       data ->> 'outcome' AS outcome,
       mrcall.try_boolean(data ->> 'answered')::int AS answered,
       data ->> 'caller' AS caller
FROM public.sessions
