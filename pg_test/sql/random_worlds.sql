-- Visits, attribution and visitor buckets against the oracle in many small worlds full of ties, duplicates, gaps of
-- exactly
-- the limit, absent values and shared browsers. A difference names its seed; to see that world alone, call
-- pg_temp.build(seed) and pg_temp.differences(seed).
\pset footer off
SET LOCAL client_min_messages = warning;
SET LOCAL plan_cache_mode = force_generic_plan;
CREATE SCHEMA world;
CREATE TABLE world.website_events (LIKE public.website_events INCLUDING ALL);
CREATE TABLE world.customers_registry (LIKE public.customers_registry INCLUDING ALL);
CREATE TABLE world.business (LIKE public.business INCLUDING ALL);
CREATE TABLE world.stripe_webhooks_registry (LIKE public.stripe_webhooks_registry INCLUDING ALL);
SELECT mrcall.attach('{"events": {"table": "world.website_events"}, "customers": {"table": "world.customers_registry"},
                       "businesses": {"table": "world.business"}, "stripe_events": {"table":
                           "world.stripe_webhooks_registry"},
                       "subscriptions": {"table": null}, "apple_events": {"table": null},
                           "calls": {"table": null}}') \g /dev/null

-- One of some values, by the hash of a key: the same world for a seed on every server.
CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
-- An instant on a coarse grid, so that ties and gaps of exactly half an hour are common.
CREATE FUNCTION pg_temp.moment(key text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2026-03-28 21:00Z' + (hashtextextended(key, 1) & 1073741823) % 12
                 * pg_temp.pick('{10 minutes,15 minutes,20 minutes,30 minutes,1 day}'::interval[], key)
                 + pg_temp.pick('{0,0,0,0.000001 s,-0.000001 s}'::interval[], 'tick ' || key) $$;

CREATE FUNCTION pg_temp.build(seed int)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM world.website_events;
    DELETE FROM world.business;
    DELETE FROM world.customers_registry;
    DELETE FROM world.stripe_webhooks_registry;
    INSERT INTO world.website_events (session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium,
        utm_campaign, user_agent)
    SELECT pg_temp.pick('{a-browser,a-browser,b-browser,B-browser,NULL}'::text[], k.key || 'session_id'),
        pg_temp.moment(k.key || 'created_at'),
           pg_temp.pick('{page_view,page_view,pageview,click}'::text[], k.key || 'event_type'),
           pg_temp.pick(ARRAY['https://mrcall.ai/', 'https://mrcall.ai/', 'https://mrcall.ai/é', 'https://mrcall.ai/Z',
               NULL, 'no url',
                              'https://mrcall.ai/?gclid=1', 'https://mrcall.ai/b?utm_source=news&utm_medium=email'],
                                  k.key || 'page_url'),
           pg_temp.pick(ARRAY[NULL, '', 'https://mrcall.ai/', 'https://mrcall.ai/a', 'https://mrcall.ai/b',
               'https://docs.mrcall.ai/x',
                              'https://www.google.com/', 'https://checkout.stripe.com/', 'https://t.co/x',
                                  'https://chatgpt.com/',
                              'https://blog.example.co.uk/'], k.key || 'referrer'),
           pg_temp.pick('{NULL,NULL,NULL,NULL,undefined,google,zeta}'::text[], k.key || 'utm_source'),
           pg_temp.pick('{NULL,NULL,NULL,NULL,NULL,cpc,email}'::text[], k.key || 'utm_medium'),
           pg_temp.pick('{NULL,NULL,NULL,NULL,NULL,x,y}'::text[], k.key || 'utm_campaign'),
           pg_temp.pick('{Mozilla/5.0,Mozilla/5.0,Googlebot/2.1,NULL}'::text[], k.key || 'user_agent')
    FROM generate_series(1, 1 + seed % 37) AS n
    CROSS JOIN LATERAL (VALUES (format('%s event %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL generate_series(1, pg_temp.pick('{1,1,1,2}'::int[], k.key || 'times'))
    ORDER BY hashtext(k.key);
    INSERT INTO world.customers_registry (id, created_at, document)
    SELECT 'customer-' || n, pg_temp.moment(k.key || 'created_at'), pg_temp.pick(ARRAY[
               '{"website_session_ids": ["a-browser", "b-browser"], "website_session_id": "B-browser"}',
               '{"website_session_ids": ["b-browser", "b-browser", "unknown"]}', '{"website_session_id": "a-browser"}',
               '{"website_session_ids": "a-browser", "website_session_id": ""}', '{}']::jsonb[], k.key || 'document')
    FROM generate_series(1, 1 + seed % 4) AS n
    CROSS JOIN LATERAL (VALUES (format('%s customer %s ', seed, n))) AS k (key);
    INSERT INTO world.business (business_id, owner, created_at, stripe_customer_id)
    SELECT 'business-' || n, pg_temp.pick('{customer-1,customer-1,customer-2,customer-9,NULL}'::text[],
        k.key || 'owner'),
           pg_temp.moment(k.key || 'created_at'), pg_temp.pick('{cus_1,cus_2,NULL}'::text[],
               k.key || 'stripe_customer_id')
    FROM generate_series(1, seed % 4) AS n
    CROSS JOIN LATERAL (VALUES (format('%s business %s ', seed, n))) AS k (key);
    INSERT INTO world.stripe_webhooks_registry (document)
    SELECT jsonb_build_object(
               'type', t.type, 'livemode', true,
               'created', extract(epoch FROM pg_temp.moment(k.key || 'created'))::bigint,
               'data', jsonb_build_object('object', jsonb_build_object(
                   'id', pg_temp.pick('{1,2,3,4}'::text[], k.key || 'id'),
                   'customer', pg_temp.pick('{cus_1,cus_2,cus_3}'::text[], k.key || 'customer'),
                   'currency', pg_temp.pick('{eur,jpy,kwd}'::text[], k.key || 'currency'))
                   || CASE t.type WHEN 'invoice.paid'
                       THEN jsonb_build_object('subscription', pg_temp.pick('{sub_1,sub_2}'::text[], k.key || 'subscription'),
                           'amount_paid', hashtext(k.key || 'paid') & 63)
                       ELSE jsonb_build_object('invoice', pg_temp.pick('{1,2,3,NULL}'::text[], k.key || 'invoice'),
                           'amount_refunded', hashtext(k.key || 'refunded') & 31) END))
    FROM generate_series(1, seed % 9) AS n
    CROSS JOIN LATERAL (VALUES (format('%s stripe %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (SELECT pg_temp.pick('{invoice.paid,invoice.paid,charge.refunded}'::text[], k.key || 'type')) AS t (type);
END
$$;

-- What differs in the present world, NULL for nothing.
CREATE FUNCTION pg_temp.differences(seed int)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    since timestamptz := pg_temp.moment(seed || 'since');
    until timestamptz := since + pg_temp.pick('{1 hour,3 hours,1 day,12 days}'::interval[], seed || 'until');
    gap interval := pg_temp.pick('{30 minutes,30 minutes,0,10 minutes,1 day}'::interval[], seed || 'gap');
    look interval := pg_temp.pick('{0,15 minutes,1 hour,1 hour,1 day,30 days}'::interval[], seed || 'lookback');
    kind text := pg_temp.pick('{signup,signup,signup,business,payment,refund}'::text[], seed || 'kind');
    dim text := pg_temp.pick('{channel,channel,source,medium,campaign,landing_page,referrer_domain}'::text[],
        seed || 'dimension');
    wanted text := pg_temp.pick('{first_touch,last_touch,last_non_direct,last_paid,linear,
                                 position_based,j_shaped,inverse_j,time_decay,w_shaped,participation}'::text[],
                                seed || 'model');
    no_bots boolean := pg_temp.pick('{f,f,t}'::boolean[], seed || 'bots');
    again boolean := pg_temp.pick('{f,f,t}'::boolean[], seed || 'restart');
    -- What is left out, by at most one of the arguments.
    leaves_out text := pg_temp.pick('{none,none,none,no channel,only channel,no campaign,only campaign,no referrer,no visitor}'::text[],
        seed || 'filter');
    channels text[] := ARRAY[pg_temp.pick('{Direct,Organic Search,Paid Search,Email}'::text[], seed || 'a'),
                             pg_temp.pick('{Direct,Referral,Organic Social}'::text[], seed || 'b')];
    campaigns text[] := ARRAY[pg_temp.pick(ARRAY['x', '(not set)'], seed || 'a'), 'y'];
    referrers text[] := ARRAY[pg_temp.pick(ARRAY['google.com', '(not set)', 't.co'], seed || 'a'), 'example.co.uk'];
    asked text := format('since %s until %s gap %s lookback %s %s %s %s%s%s', since, until, gap, look, kind, dim, wanted,
                         CASE WHEN no_bots THEN ' without bots' END, CASE WHEN again THEN ' restarting' END)
        || format(' leaves out %s %s %s %s', leaves_out, channels, campaigns, referrers);
BEGIN
    DELETE FROM oracle.visit;
    INSERT INTO oracle.visit SELECT * FROM oracle.visits(NULL, NULL, '30 minutes');
    IF EXISTS (TABLE oracle.visit EXCEPT ALL TABLE mrcall.visits) OR EXISTS (TABLE mrcall.visits EXCEPT ALL TABLE
        oracle.visit) THEN
        RETURN 'mrcall.visits';
    END IF;
    IF (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.visitor_id COLLATE "C", s.visit_no) FROM mrcall.sessionize(since, until,
        gap) AS s)
       IS DISTINCT FROM
       (SELECT jsonb_agg(to_jsonb(o) - '{landing_page,referrer_domain,device,is_bot,touched_at,term,rule}'::text[]
                         ORDER BY o.visitor_id COLLATE "C", o.visit_no) FROM oracle.visits(since, until, gap) AS o) THEN
        RETURN 'sessionize ' || asked;
    END IF;
    DELETE FROM oracle.visit AS v
    WHERE CASE leaves_out
        WHEN 'no channel' THEN v.channel = ANY (channels) WHEN 'only channel' THEN NOT v.channel = ANY (channels)
        WHEN 'no campaign' THEN coalesce(v.campaign, '(not set)') = ANY (campaigns)
        WHEN 'only campaign' THEN NOT coalesce(v.campaign, '(not set)') = ANY (campaigns)
        WHEN 'no referrer' THEN coalesce(v.referrer_domain, '(not set)') = ANY (referrers)
        WHEN 'no visitor' THEN v.visitor_id = 'a-browser' END;
    -- Planning takes most of the time, so the larger reports see a part of the worlds.
    IF seed % 2 = 0 AND EXISTS (
        SELECT
        FROM (SELECT * FROM mrcall.attribution(since, until, wanted, kind, look, dim, exclude_bots => no_bots, restart => again,
            exclude_channels => CASE leaves_out WHEN 'no channel' THEN channels END,
            include_channels => CASE leaves_out WHEN 'only channel' THEN channels END,
            exclude_campaigns => CASE leaves_out WHEN 'no campaign' THEN campaigns END,
            include_campaigns => CASE leaves_out WHEN 'only campaign' THEN campaigns END,
            exclude_referrers => CASE leaves_out WHEN 'no referrer' THEN referrers END,
            exclude_visitors => CASE leaves_out WHEN 'no visitor' THEN ARRAY['a-browser'] END)) AS r
        FULL JOIN (SELECT * FROM oracle.attribution(since, until, kind, look, ARRAY[wanted], ARRAY[dim], no_bots, restarts => again))
            AS o ON (o.dimension_value, coalesce(o.currency, '-')) = (r.dimension_value, coalesce(r.currency, '-'))
        WHERE (o.conversions, o.value, o.touches, o.visitors) IS DISTINCT FROM (r.conversions, r.value, r.touches,
            r.visitors)) THEN
        RETURN 'attribution ' || asked;
    END IF;
    IF seed % 4 = 3 AND EXISTS (
        SELECT
        FROM (SELECT * FROM mrcall.conversion_paths(since, until, kind, look, dim, exclude_bots => no_bots, restart => again,
            exclude_channels => CASE leaves_out WHEN 'no channel' THEN channels END,
            include_channels => CASE leaves_out WHEN 'only channel' THEN channels END,
            exclude_campaigns => CASE leaves_out WHEN 'no campaign' THEN campaigns END,
            include_campaigns => CASE leaves_out WHEN 'only campaign' THEN campaigns END,
            exclude_referrers => CASE leaves_out WHEN 'no referrer' THEN referrers END,
            exclude_visitors => CASE leaves_out WHEN 'no visitor' THEN ARRAY['a-browser'] END)) AS r
        FULL JOIN (SELECT * FROM oracle.paths(since, until, kind, look, dim, no_bots, again)) AS o
            ON (o.path::text, coalesce(o.currency, '-')) = (r.path::text, coalesce(r.currency, '-'))
        WHERE (o.conversions, o.value, o.nulls) IS DISTINCT FROM (r.conversions, r.value, r.nulls)) THEN
        RETURN 'conversion_paths ' || asked;
    END IF;
    -- Every additive model gives out all there is, in each currency.
    IF seed % 16 = 5 AND EXISTS (
        SELECT
        FROM (SELECT a.currency, array_agg(DISTINCT a.totals) AS totals
              FROM (SELECT s.currency, m.model, (sum(m.conversions), sum(m.value))::text AS totals
                    FROM mrcall.attribution_models(since, until, kind, look, dim, exclude_bots => no_bots, weights => '{3,0,2}') AS s
                    CROSS JOIN LATERAL (
                        SELECT regexp_replace(c.key, '_conversions$', ''), c.value::numeric,
                               (to_jsonb(s) ->> regexp_replace(c.key, '_conversions$', '_value'))::numeric
                        FROM jsonb_each_text(to_jsonb(s)) AS c WHERE c.key ~ '_conversions$'
                    ) AS m (model, conversions, value)
                    WHERE m.model <> 'participation'
                    GROUP BY s.currency, m.model) AS a
              GROUP BY a.currency) AS r
        FULL JOIN (SELECT c.currency, (round(count(*)::numeric, 6), sum(c.value))::text AS totals FROM mrcall.conversions AS c
                   WHERE c.conversion = kind AND c.converted_at >= since AND c.converted_at < until GROUP BY c.currency) AS c
            ON coalesce(c.currency, '-') = coalesce(r.currency, '-')
        WHERE r.totals IS DISTINCT FROM ARRAY[c.totals] AND c.totals IS NOT NULL) THEN
        RETURN 'attribution_models ' || asked;
    END IF;
    IF seed % 8 = 1 AND (SELECT (coalesce(sum(b.visits), 0), coalesce(sum(b.events), 0), coalesce(sum(b.pageviews), 0),
        coalesce(sum(b.bounces), 0))
        FROM mrcall.visitor_buckets(pg_temp.pick('{15 minutes,1 day,1 month}'::interval[], seed || 'width'), since,
            until, 'Europe/Rome', dim, gap, no_bots) AS b)
       IS DISTINCT FROM
       (SELECT (count(*) FILTER (WHERE v.started_at >= since)::numeric, coalesce(sum(e.events), 0),
           coalesce(sum(e.pageviews), 0),
                count(*) FILTER (WHERE v.started_at >= since AND v.events = 1)::numeric)
        FROM oracle.visits(since - gap - interval '24 hours', until, gap) AS v
        CROSS JOIN LATERAL (SELECT count(*) AS events, count(*) FILTER (WHERE x.event_type LIKE 'page%'
            AND x.page_path IS NOT NULL) AS pageviews FROM mrcall.events AS x
                            WHERE x.visitor_id = v.visitor_id AND x.occurred_at BETWEEN v.started_at AND v.ended_at
                                AND x.occurred_at >= since)
            AS e
        WHERE NOT (no_bots AND v.is_bot)) THEN
        RETURN 'visitor_buckets ' || asked;
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    difference text;
    journeys int := 0;
BEGIN
    FOR seed IN 1..480 LOOP
        PERFORM pg_temp.build(seed);
        difference := pg_temp.differences(seed);
        IF difference IS NOT NULL THEN
            RAISE EXCEPTION 'world of seed %: % differs', seed, difference;
        END IF;
        journeys := journeys + (SELECT count(DISTINCT (c.conversion, c.conversion_id))
                                FROM mrcall.conversions AS c
                                JOIN mrcall.identities AS i ON i.customer_id = c.customer_id
                                JOIN oracle.visit AS v ON v.visitor_id = i.visitor_id
                                    AND v.touched_at <= c.converted_at);
    END LOOP;
    PERFORM set_config('test.worlds', '480', true), set_config('test.journeys', (journeys > 500)::text, true);
END
$$;
SELECT current_setting('test.worlds') AS worlds_without_difference, current_setting('test.journeys')
    AS with_many_journeys;
