-- What stays the same through all histories: customers with browsers, money, calls, roles' rights, and how the histories ask.
-- :base is the instant around which everything happens.
SET client_min_messages = warning;
CREATE SCHEMA t;
CREATE TABLE t.setting (base timestamptz);
INSERT INTO t.setting VALUES (:'base');
GRANT USAGE ON SCHEMA t TO PUBLIC;

CREATE FUNCTION t.base() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER AS $$ SELECT s.base FROM t.setting AS s $$;
-- Up to where facts are stored; before there are any, the base.
CREATE FUNCTION t.w() RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    w timestamptz;
BEGIN
    SELECT f.stored_until INTO w FROM mrcall.freshness() AS f WHERE f.fact = 'visits';
    RETURN CASE WHEN isfinite(w) THEN w ELSE t.base() END;
EXCEPTION WHEN OTHERS THEN
    RETURN t.base();
END
$$;
-- The time of an event of a visitor, of which of them a number decides.
CREATE FUNCTION t.near(visitor text, nr int) RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT e.created_at FROM public.website_events AS e WHERE e.session_id = visitor ORDER BY e.created_at, e.event_id
                     OFFSET nr % greatest(1, (SELECT count(*) FROM public.website_events AS c WHERE c.session_id = visitor)) LIMIT 1),
                    t.base());
EXCEPTION WHEN OTHERS THEN
    RETURN t.base();
END
$$;
CREATE FUNCTION t.newest() RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT max(e.created_at) FROM public.website_events AS e), t.base());
EXCEPTION WHEN OTHERS THEN
    RETURN t.base();
END
$$;
-- What questions are about: instants as texts.
CREATE FUNCTION t.marks() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET timezone = 'UTC' AS $$
BEGIN
    RETURN concat_ws(',', t.w(), (SELECT string_agg(e.created_at::text, ',' ORDER BY e.created_at, e.event_id)
                                  FROM (SELECT * FROM public.website_events LIMIT 60) AS e));
EXCEPTION WHEN OTHERS THEN
    RETURN t.w()::text;
END
$$;

-- Rows read from the stored visits by this transaction.
CREATE FUNCTION t.facts_read() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(r.oid) + pg_stat_get_xact_tuples_fetched(r.oid)), 0)::bigint
    FROM (SELECT to_regclass('mrcall.visit')::oid AS oid
          UNION ALL SELECT i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = to_regclass('mrcall.visit')) AS r
    WHERE r.oid IS NOT NULL
$$;
-- The number of rows and a digest of them in order of their bytes, or the error.
CREATE FUNCTION t.answer(query text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE concat('SELECT concat(count(*), '' rows '', md5(string_agg(r::text, e''\n'' ORDER BY r::text COLLATE "C"))) FROM (', query,
                   ') AS r') INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN concat(sqlstate, ' ', sqlerrm);
END
$$;
-- Each question with facts and without, and how many stored rows were read for it.
CREATE FUNCTION t.ask(queries text[]) RETURNS TABLE (nr int, facts_read bigint, with_facts text, from_rows text) LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    FOR i IN 1 .. cardinality(queries) LOOP
        nr := i;
        PERFORM set_config('mrcall.use_facts', 'on', true);
        facts_read := t.facts_read();
        with_facts := t.answer(queries[nr]);
        facts_read := t.facts_read() - facts_read;
        PERFORM set_config('mrcall.use_facts', 'off', true);
        from_rows := t.answer(queries[nr]);
        PERFORM set_config('mrcall.use_facts', 'on', true);
        RETURN NEXT;
    END LOOP;
END
$$;

-- The same beside others: from the rows before and after, so that what no snapshot keeps is told from a wrong answer.
CREATE FUNCTION t.ask_between(queries text[])
RETURNS TABLE (nr int, facts_read bigint, from_rows_before text, with_facts text, from_rows text) LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    FOR i IN 1 .. cardinality(queries) LOOP
        nr := i;
        PERFORM set_config('mrcall.use_facts', 'off', true);
        from_rows_before := t.answer(queries[nr]);
        PERFORM set_config('mrcall.use_facts', 'on', true);
        facts_read := t.facts_read();
        with_facts := t.answer(queries[nr]);
        facts_read := t.facts_read() - facts_read;
        PERFORM set_config('mrcall.use_facts', 'off', true);
        from_rows := t.answer(queries[nr]);
        PERFORM set_config('mrcall.use_facts', 'on', true);
        RETURN NEXT;
    END LOOP;
END
$$;

-- The rows of a chunk are written past the hypertable: a statement in which %1$s stands for the chunk around an instant.
CREATE FUNCTION t.in_chunk(statement text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    chunk text;
BEGIN
    SELECT format('%I.%I', c.chunk_schema, c.chunk_name) INTO chunk
    FROM timescaledb_information.chunks AS c
    WHERE c.hypertable_schema = 'public' AND c.hypertable_name = 'website_events'
    ORDER BY at < c.range_start, at >= c.range_end, c.range_start LIMIT 1;
    IF chunk IS NOT NULL THEN
        EXECUTE format(statement, chunk, quote_literal(at));
    END IF;
END
$$;

-- A trigger of the host, which asks in the middle of a statement. Each question has a snapshot of its own: what another session has
-- committed between them is no difference.
CREATE FUNCTION t.asks_too() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answers record;
BEGIN
    IF coalesce(NEW.event_id, OLD.event_id) ~ '^[xy]' THEN
        RETURN NULL;
    END IF;
    SELECT a.* INTO answers FROM t.ask_between('{TABLE mrcall.visits}') AS a;
    IF answers.from_rows_before = answers.from_rows AND answers.with_facts <> answers.from_rows THEN
        RAISE EXCEPTION '% with facts, % from rows', answers.with_facts, answers.from_rows;
    END IF;
    RETURN NULL;
END
$$;

-- Everybody's customers, businesses, money and calls. A browser of two customers, one of nobody, a customer without any.
INSERT INTO public.product (name, product_type, price_id) VALUES ('pro', 'subscription', '{"unit_amount": 2900, "currency": "eur"}');
INSERT INTO public.template (name) VALUES ('plan');
INSERT INTO public.customers_registry (id, created_at, document)
SELECT 'c' || n, t.base() - c.ago, jsonb_build_object('website_session_ids', c.ids)
FROM (VALUES (1, interval '1 day', '["v1", "v2"]'::jsonb), (2, '30 hours', '["v2", "v3"]'), (3, '2 days', '["V4", "v4"]'),
             (4, '0', '[]'), (5, '-1 day', '["v5"]')) AS c (n, ago, ids);
INSERT INTO public.business (business_id, owner, template, stripe_customer_id, subscription_status, created_at, time_zone)
SELECT 'b' || n, 'c' || n, 'plan', 'cus_' || n, 'active', t.base() - (30 - 8 * n) * interval '1 hour',
    (ARRAY['UTC', 'Europe/Rome'])[1 + n % 2]
FROM generate_series(1, 5) AS n;
INSERT INTO public.payment_subscription (id, business_id, provider, status, product, created_at)
SELECT 'sub_' || n, 'b' || n, 'stripe', 'active', 'pro', t.base() - (20 - 8 * n) * interval '1 hour' FROM generate_series(1, 4) AS n;
INSERT INTO public.stripe_webhooks_registry (id, created_at, document)
SELECT format('evt_%s_%s', n, k), t.base() - (18 - 8 * n - k) * interval '1 hour', jsonb_build_object(
    'type', CASE WHEN k = 3 THEN 'charge.refunded' ELSE 'invoice.paid' END, 'livemode', true, 'api_version', '2024-06-20',
    'created', extract(epoch FROM t.base() - (18 - 8 * n - k) * interval '1 hour')::bigint,
    'data', jsonb_build_object('object', jsonb_build_object('customer', 'cus_' || n, 'currency', 'eur', 'livemode', true)
        || CASE WHEN k = 3
            THEN jsonb_build_object('id', 'ch_' || n, 'object', 'charge', 'invoice', format('in_%s_1', n), 'amount', 2901,
                'amount_refunded', 900)
            ELSE jsonb_build_object('id', format('in_%s_%s', n, k), 'object', 'invoice', 'subscription', 'sub_' || n,
                'charge', CASE k WHEN 1 THEN 'ch_' || n END, 'status', 'paid', 'amount_paid', 2900 + k) END))
FROM generate_series(1, 4) AS n, generate_series(1, 3) AS k;
INSERT INTO mrcall.goal (name, event_type, page_pattern) VALUES ('click', 'click', NULL), ('shop', NULL, '/p%');
INSERT INTO public.sessions (id, business_id, owner, start_timestamp, data)
SELECT 'call' || n, 'b' || 1 + n % 5, 'c1', t.base() - n * interval '5 hours',
    jsonb_build_object('caller', '+3905500' || n % 4, 'answered', n % 3 > 0, 'outcome', 'booked',
        'end_timestamp', (t.base() - n * interval '5 hours' + n * interval '20 seconds')::text)
FROM generate_series(1, 25) AS n;
INSERT INTO public.session_retention_policies (business_id, archive_after_days, delete_after_days) VALUES ('b1', 3, NULL), ('b2', NULL, 4);
