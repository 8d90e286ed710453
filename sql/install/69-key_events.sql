-- Key events, which make a visit engaged: those that fit a goal. Definitions: docs/visitor_buckets.md.

-- Looked up once for a query; without goals no event is asked about.
CREATE FUNCTION mrcall_internal.has_key_events()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT EXISTS (SELECT FROM mrcall.goal) $$;
COMMENT ON FUNCTION mrcall_internal.has_key_events() IS 'Whether there are goals';

-- The goals as patterns of event_key: a sub-select that refers to no event, so that workers take part and another server takes it whole.
CREATE FUNCTION mrcall_internal.goal_patterns()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.array_agg(t.type OPERATOR(pg_catalog.||) p.page)
    FROM mrcall.goal AS g
    CROSS JOIN LATERAL pg_catalog.unnest(
        CASE WHEN g.event_type IS NULL THEN ARRAY[E'page\\_view', 'pageview']
             ELSE ARRAY[pg_catalog.regexp_replace(g.event_type, E'([\\\\%_])', E'\\\\\\1', 'g')] END) AS t (type)
    CROSS JOIN LATERAL pg_catalog.unnest(
        CASE WHEN g.page_pattern IS NULL THEN ARRAY[E'\x02', E'\x01%'] ELSE ARRAY[E'\x01' OPERATOR(pg_catalog.||) g.page_pattern] END)
        AS p (page)
$$;
COMMENT ON FUNCTION mrcall_internal.goal_patterns() IS 'What an event''s event_key is like that fits a goal; NULL without goals';

-- Meant to be inlined.
CREATE FUNCTION mrcall_internal.event_key(event_type text, page_path text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT event_type OPERATOR(pg_catalog.||) CASE WHEN page_path IS NULL THEN E'\x02' ELSE E'\x01' OPERATOR(pg_catalog.||) page_path END
$$;
COMMENT ON FUNCTION mrcall_internal.event_key(text, text) IS 'An event as goal_patterns has it';
