-- Key events: what a business counts on, which make a visit engaged. Definitions: docs/visitor_buckets.md.

-- Looked up once for a query; without any, no event is asked about.
CREATE FUNCTION mrcall_internal.has_key_events()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT false $$;
COMMENT ON FUNCTION mrcall_internal.has_key_events() IS 'Whether any event can be a key event';

CREATE FUNCTION mrcall_internal.is_key_event(event_type text, page_path text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT false $$;
COMMENT ON FUNCTION mrcall_internal.is_key_event(text, text) IS 'Whether an event is a key event';
