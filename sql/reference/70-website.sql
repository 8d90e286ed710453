-- Visitor events of mrcall.ai, written by the site's /api/track route.

-- A hypertable where TimescaleDB is installed (90-hypertables.sql), so every key contains created_at.
CREATE TABLE public.website_events (
    event_id text NOT NULL DEFAULT gen_random_uuid()::text,
    session_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    event_type text NOT NULL DEFAULT 'page_view',
    page_url text,
    referrer text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    user_agent text,
    properties jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (event_id, created_at)
);
COMMENT ON TABLE public.website_events IS
    'Visitor events of mrcall.ai, hypertable by created_at where TimescaleDB is installed.';
COMMENT ON COLUMN public.website_events.session_id IS
    'The mrcall_sid that the site keeps in localStorage: names a browser over all its visits, not one visit.';
COMMENT ON COLUMN public.website_events.event_type IS 'page_view for a page view, anything else for other events.';
COMMENT ON COLUMN public.website_events.page_url IS 'The page''s address with its query string.';
COMMENT ON COLUMN public.website_events.referrer IS 'document.referrer, NULL or empty when the browser sends none.';
COMMENT ON COLUMN public.website_events.utm_source IS
    'UTM parameters as the site''s script read them; NULL, or text such as "undefined", where it read none.';
CREATE INDEX website_events_session_id_created_at_idx ON public.website_events (session_id, created_at);
CREATE INDEX website_events_created_at_idx ON public.website_events (created_at);
