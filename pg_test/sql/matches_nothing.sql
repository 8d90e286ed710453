-- Arguments that can match nothing: an error or a warning, never a report that is silently of something else.
\pset footer off
SET timezone = 'UTC';
\set r '''2026-04-01'', ''2026-05-01'''

-- Channels: a closed list, with the rules of one's own.
SELECT * FROM mrcall.attribution(:r, include_channels => '{email}');
SELECT * FROM mrcall.attribution(:r, exclude_channels => '{direct}');
SELECT * FROM mrcall.attribution(:r, exclude_channels => '{Direct,"Organic  Search",nonsense}');
SELECT * FROM mrcall.attribution_models(:r, include_channels => '{"Paid Search ","Email"}');
SELECT * FROM mrcall.conversion_paths(:r, exclude_channels => '{""}');
SELECT * FROM mrcall.time_to_convert(:r, exclude_channels => '{organic}');
SELECT * FROM mrcall.assisted_conversions(:r, include_channels => '{google}');
SELECT * FROM mrcall.attribution_interval(:r, exclude_channels => '{Referal}');
SELECT * FROM mrcall.roas(:r, exclude_channels => '{SOCIAL}');
SELECT * FROM mrcall.explain_conversion('signup', (SELECT min(conversion_id) FROM mrcall.conversions WHERE conversion = 'signup'),
                                        exclude_channels => '{DIRECT}');
SELECT count(*) FROM mrcall.attribution(:r, exclude_channels => '{Partner}');
SELECT count(*) AS unknown FROM mrcall.touches AS t WHERE t.channel <> ALL (mrcall_internal.channels());
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Partner', '^partner');
SELECT count(*) > 0 AS rows FROM mrcall.attribution(:r, exclude_channels => '{Partner,NULL,Direct}', include_channels => '{}');
SELECT * FROM mrcall.attribution(:r, include_channels => '{partner}');
-- Each that a touch can have is taken.
SELECT count(*) AS channels, count(*) FILTER (WHERE NOT EXISTS (
    SELECT FROM mrcall.attribution(:r, exclude_channels => ARRAY[c.channel]))) AS empty
FROM unnest(mrcall_internal.channels()) AS c (channel);

-- Referrers are registrable domains.
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{https://www.google.com/search?q=x}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{facebook.com,www.google.com}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{Google.com}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{"google.com "}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{google com}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{münchen.de}');
SELECT * FROM mrcall.attribution(:r, exclude_referrers => '{google.com/}');
SELECT count(*) > 0 AS rows FROM mrcall.attribution(:r,
    exclude_referrers => '{google.com,(not set),localhost,192.168.0.1,com.google.android.gm,bbc.co.uk,xn--mnchen-3ya.de}');
SELECT count(*) AS refused
FROM (SELECT DISTINCT referrer_domain FROM mrcall.touches WHERE referrer_domain IS NOT NULL) AS t
WHERE NOT EXISTS (SELECT FROM mrcall.attribution(:r, exclude_referrers => ARRAY[t.referrer_domain]));
-- An array of arrays is no list. Campaigns and visitors are anybody's texts.
SELECT * FROM mrcall.attribution(:r, exclude_channels => '{{Email},{Direct}}');
SELECT * FROM mrcall.attribution_models(:r, exclude_visitors => '{{a},{b}}');
SELECT count(*) > 0 AS rows FROM mrcall.attribution(:r, exclude_campaigns => '{nobody''s}', exclude_visitors => '{nobody}');

-- Pages.
SELECT * FROM mrcall.funnel(:r, '[{"step": "a"}, {"step": "b", "page": "pricing%"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "https://mrcall.ai/"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "https://mrcall.ai/pricing?plan=pro"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "mrcall.ai/pricing%"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "/pricing?plan=pro"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "%#plans"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": " /pricing"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": ""}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "\\%pricing"}]');
SELECT * FROM mrcall.funnel(:r, '[{"step": "a", "page": "pricing", "event": "click"}]');
SELECT p.pattern, f.visitors
FROM unnest('{/pricing%,%pricing%,_pricing,\\/pricing,/nobody/saw/this,%,/%}'::text[]) AS p (pattern)
CROSS JOIN LATERAL mrcall.funnel(:r, jsonb_build_array(jsonb_build_object('step', 'a', 'page', p.pattern))) AS f;
-- A mapping may take paths from elsewhere, where they are what they are.
SAVEPOINT mapped;
CREATE TABLE public.hits AS SELECT session_id, created_at, event_type, page_url, ltrim(mrcall.url_path(page_url), '/') AS path FROM
    public.website_events;
SELECT mrcall.attach('{"events": {"table": "public.hits", "columns": {"page_path": "path", "event_id": null,
    "referrer": null, "utm_source": null,
    "utm_medium": null, "utm_campaign": null, "utm_term": null, "utm_content": null, "user_agent": null, "properties":
        null}}}') LIKE '%attached%' AS attached;
SELECT visitors > 0 AS visitors FROM mrcall.funnel(:r, '[{"step": "a", "page": "pricing%"}]');
ROLLBACK TO mapped;

-- A business, owner or template that nobody knows; a zone in its place.
SELECT count(*), sum(calls) FROM mrcall.call_summary('7 days', :r, 'UTC', 'nobody');
SELECT count(*), sum(calls) FROM mrcall.call_summary('7 days', :r, 'UTC', ' W-business-calls');
SELECT sum(calls) FROM mrcall.call_heatmap(:r, 'Europe/Rome');
SELECT sum(calls) FROM mrcall.call_heatmap(date '2026-04-01', date '2026-05-01', 'Europe/Rome');
SELECT count(*) FROM mrcall.callers(:r, 'nobody');
SELECT sum(calls) FROM mrcall.flow(:r, 'nobody');
SELECT sum(calls) FROM mrcall.flow(:r, template => 'nobody''s');
SELECT count(*) FROM mrcall.resource_usage('2026-05-01', 'nobody');
SELECT count(*) FROM mrcall.call_summary('7 days', :r, owner => 'nobody', template => 'nobody''s');
-- Known: by the businesses alone, by calls alone, under the name of a zone; or not asked for.
INSERT INTO public.customers_registry (id) VALUES ('N-owner');
ALTER TABLE public.sessions DROP CONSTRAINT IF EXISTS sessions_business_id_fkey;
INSERT INTO public.business (business_id, owner, created_at) VALUES ('Cuba', 'N-owner', '2026-01-01'), ('N-no-calls', 'N-owner',
    '2026-01-01');
INSERT INTO public.sessions (id, business_id, start_timestamp) VALUES ('N-1', 'N-no-business', '2026-04-01 12:00Z');
SELECT b.id, (SELECT sum(s.calls) FROM mrcall.call_summary('100 days', :r, business_id => b.id) AS s) AS calls
FROM unnest('{Cuba,N-no-calls,N-no-business,NULL}'::text[]) AS b (id);
SELECT count(*) FROM mrcall.call_summary('100 days', :r, owner => 'N-owner');
-- What row-level security hides from the reader is unknown to him.
ALTER TABLE public.business ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON public.business FOR SELECT TO current_user USING (business_id = 'N-no-calls');
CREATE POLICY own ON public.sessions FOR SELECT TO current_user USING (business_id = 'N-no-calls');
SELECT sum(calls) FROM mrcall.call_summary('100 days', :r, business_id => 'N-no-calls');
SELECT sum(calls) FROM mrcall.call_summary('100 days', :r, business_id => 'Cuba');
SELECT sum(calls) FROM mrcall.call_summary('100 days', :r, business_id => 'nobody');

-- A number without a unit is seconds.
SELECT count(*) FROM mrcall.visitor_buckets('1', :r);
SELECT count(*) FROM mrcall.call_summary('2 seconds', date '2026-04-01', date '2026-04-04', business_id => 'Cuba');
SELECT count(*) FROM mrcall.buckets('7', :r, 'UTC');
SELECT count(*) FROM mrcall.buckets('1', '2026-04-01', '2026-04-02', 'UTC');
SELECT count(*) FROM mrcall.buckets('1', '2026-01-01', '2027-01-01', 'UTC');
SELECT count(*) FROM mrcall.cohorts('2026-04-01', '2026-04-03', '1', periods => 0);
