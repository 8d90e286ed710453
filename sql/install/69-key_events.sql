-- Key events, which make a visit engaged: those that fit a goal. Definitions: docs/visitor_buckets.md.

-- Looked up once for a query; without goals no event is asked about.
CREATE FUNCTION mrcall_internal.has_key_events()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT EXISTS (SELECT FROM mrcall.goal) $$;
COMMENT ON FUNCTION mrcall_internal.has_key_events() IS 'Whether there are goals';
