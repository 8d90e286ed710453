-- The logical tables and their columns (docs/sources.md). expression: where the reference schema has the value, over the
-- columns of its table; {column} stands for the expression of another logical column, so that it follows a mapping; an object
-- is a field of a document.
-- is_key: what writers find a row by.

CREATE FUNCTION mrcall_internal.source_tables()
RETURNS TABLE (logical_table text, relation text, purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 15
AS $$
    VALUES
    ('events', 'public.website_events', 'What visitors of the website did, one row per event'),
    ('customers', 'public.customers_registry', 'User accounts, with the browsers they were seen in'),
    ('businesses', 'public.business', 'Subscribers of the service'),
    ('subscriptions', 'public.payment_subscription', 'Paid plans and trials of businesses'),
    ('stripe_events', 'public.stripe_webhooks_registry', 'Stripe''s webhook documents'),
    ('apple_events', 'public.apple_webhooks_registry', 'Apple''s App Store server notifications'),
    ('calls', 'public.sessions', 'Phone calls and web calls, one row per session'),
    ('contacts', 'public.contact', 'The address books of businesses'),
    ('phones', 'public.phone_details', 'Metadata of phone numbers'),
    ('resources', 'public.business_resources', 'Minutes and calls allotted to businesses'),
    ('templates', 'public.template', 'Plan configurations'),
    ('products', 'public.product', 'Subscription products and their prices'),
    ('flow_states', 'public.decision_table', 'The states of the conversation flow'),
    ('retention_policies', 'public.session_retention_policies', 'How long each business keeps its calls'),
    ('call_index', 'public.sessions_ids', 'The index of call ids')
$$;
COMMENT ON FUNCTION mrcall_internal.source_tables() IS 'The logical tables and the reference schema''s tables for them';

CREATE FUNCTION mrcall_internal.source_columns()
RETURNS TABLE (logical_table text, ordinal int, name text, type text, is_key boolean, expression text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 90
AS $$
    VALUES
    ('events', 1, 'event_id', 'text', true, 'event_id'),
    ('events', 2, 'visitor_id', 'text', false, 'session_id'),
    ('events', 3, 'occurred_at', 'timestamptz', false, 'created_at'),
    ('events', 4, 'event_type', 'text', false, 'event_type'),
    ('events', 5, 'page_url', 'text', false, 'page_url'),
    ('events', 6, 'page_path', 'text', false, 'mrcall.url_path({page_url})'),
    ('events', 7, 'referrer', 'text', false, 'referrer'),
    ('events', 8, 'utm_source', 'text', false, 'utm_source'),
    ('events', 9, 'utm_medium', 'text', false, 'utm_medium'),
    ('events', 10, 'utm_campaign', 'text', false, 'utm_campaign'),
    ('events', 11, 'utm_term', 'text', false, 'utm_term'),
    ('events', 12, 'utm_content', 'text', false, 'utm_content'),
    ('events', 13, 'user_agent', 'text', false, 'user_agent'),
    ('events', 14, 'properties', 'jsonb', false, 'properties'),
    ('customers', 1, 'customer_id', 'text', true, 'id'),
    ('customers', 2, 'created_at', 'timestamptz', false, 'created_at'),
    ('customers', 3, 'website_session_ids', 'text[]', false, 'mrcall_internal.website_session_ids({document})'),
    ('customers', 4, 'role', 'text', false, 'role'),
    ('customers', 5, 'realm', 'text', false, 'realm'),
    ('customers', 6, 'website_session_id', 'text', false, '{document}->>''website_session_id'''),
    ('customers', 7, 'document', 'jsonb', false, 'document'),
    ('businesses', 1, 'business_id', 'text', true, 'business_id'),
    ('businesses', 2, 'owner', 'text', false, 'owner'),
    ('businesses', 3, 'template', 'text', false, 'template'),
    ('businesses', 4, 'created_at', 'timestamptz', false, 'created_at'),
    ('businesses', 5, 'subscription_status', 'text', false, 'subscription_status'),
    ('businesses', 6, 'stripe_customer_id', 'text', false, 'stripe_customer_id'),
    ('businesses', 7, 'zone', 'text', false, 'time_zone'),
    ('subscriptions', 1, 'subscription_id', 'text', true, 'id'),
    ('subscriptions', 2, 'business_id', 'text', false, 'business_id'),
    ('subscriptions', 3, 'provider', 'text', false, 'provider'),
    ('subscriptions', 4, 'status', 'text', false, 'status'),
    ('subscriptions', 5, 'product', 'text', false, 'product'),
    ('subscriptions', 6, 'started_at', 'timestamptz', false, 'created_at'),
    ('subscriptions', 7, 'trial_ends_at', 'timestamptz', false, 'trial_end'),
    ('subscriptions', 8, 'ended_at', 'timestamptz', false, 'ended_at'),
    ('stripe_events', 1, 'event_id', 'text', true, 'id'),
    ('stripe_events', 2, 'received_at', 'timestamptz', false, 'created_at'),
    ('stripe_events', 3, 'document', 'jsonb', false, 'document'),
    ('apple_events', 1, 'event_id', 'text', true, 'id'),
    ('apple_events', 2, 'received_at', 'timestamptz', false, 'created_at'),
    ('apple_events', 3, 'document', 'jsonb', false, 'document'),
    ('calls', 1, 'call_id', 'text', true, 'id'),
    ('calls', 2, 'business_id', 'text', false, 'business_id'),
    ('calls', 3, 'owner', 'text', false, 'owner'),
    ('calls', 4, 'started_at', 'timestamptz', false, 'start_timestamp'),
    ('calls', 5, 'ended_at', 'timestamptz', false, '{"path": "$.end_timestamp"}'),
    ('calls', 6, 'outcome', 'text', false, '{"path": "$.outcome"}'),
    ('calls', 7, 'answered', 'boolean', false, '{"path": "$.answered"}'),
    ('calls', 8, 'caller', 'text', false, '{"path": "$.caller"}'),
    ('calls', 9, 'medium', 'text', false, '{"path": "$.medium"}'),
    ('calls', 10, 'language', 'text', false, '{"path": "$.language"}'),
    ('calls', 11, 'last_state', 'text', false, '{"path": "$.state", "in": "state_variables"}'),
    ('calls', 12, 'state_variables', 'jsonb', false, 'state_variables'),
    ('calls', 13, 'data', 'jsonb', false, 'data'),
    ('calls', 14, 'transferred', 'boolean', false, '{outcome} = ''transferred'''),
    ('calls', 15, 'states', 'text[]', false, '{"path": "$.states", "in": "state_variables"}'),
    ('contacts', 1, 'contact_id', 'text', true, 'contact_id'),
    ('contacts', 2, 'business_id', 'text', false, 'business_id'),
    ('contacts', 3, 'display_name', 'text', false, 'display_name'),
    ('contacts', 4, 'variables', 'jsonb', false, 'variables'),
    ('phones', 1, 'number', 'text', true, 'number'),
    ('phones', 2, 'contact_id', 'text', false, 'contact_id'),
    ('phones', 3, 'country_alpha2', 'text', false, 'country_alpha2'),
    ('phones', 4, 'number_type', 'text', false, 'number_type'),
    ('resources', 1, 'id', 'text', true, 'id'),
    ('resources', 2, 'business_id', 'text', false, 'business_id'),
    ('resources', 3, 'category', 'text', false, 'category'),
    ('resources', 4, 'expiration', 'timestamptz', false, 'expiration'),
    ('resources', 5, 'amount', 'numeric', false, 'amount'),
    ('resources', 6, 'created_at', 'timestamptz', false, 'created_at'),
    ('templates', 1, 'name', 'text', true, 'name'),
    ('templates', 2, 'trial_days', 'int', false, 'trial_days'),
    ('templates', 3, 'recurrent_resources', 'jsonb', false, 'recurrent_resources'),
    ('products', 1, 'name', 'text', true, 'name'),
    ('products', 2, 'product_type', 'text', false, 'product_type'),
    ('products', 3, 'price_id', 'jsonb', false, 'price_id'),
    ('products', 4, 'resource_units', 'numeric', false, 'resource_units'),
    ('flow_states', 1, 'instance', 'text', false, 'instance'),
    ('flow_states', 2, 'state', 'text', true, 'state'),
    ('flow_states', 3, 'execution_order', 'int', false, 'execution_order'),
    ('flow_states', 4, 'action', 'text', false, 'action'),
    ('flow_states', 5, 'transition', 'text', false, 'transition'),
    ('flow_states', 6, 'queries', 'jsonb', false, 'queries'),
    ('retention_policies', 1, 'business_id', 'text', true, 'business_id'),
    ('retention_policies', 2, 'archive_after_days', 'int', false, 'archive_after_days'),
    ('retention_policies', 3, 'delete_after_days', 'int', false, 'delete_after_days'),
    ('call_index', 1, 'id', 'text', true, 'id'),
    ('call_index', 2, 'start_timestamp', 'timestamptz', false, 'start_timestamp')
$$;
COMMENT ON FUNCTION mrcall_internal.source_columns() IS 'The columns of the logical tables and where the reference schema has them';

-- The expression that brings a value of one type to a column's fixed type, or NULL where there is none.
CREATE FUNCTION mrcall_internal.cast_expression(expression text, from_type text, to_type text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN to_type = 'text' AND from_type IN ('text', 'character varying', 'character', 'uuid', 'name', 'smallint',
            'integer', 'bigint', 'numeric', 'boolean', '"char"', 'unknown', 'inet', 'citext')
            THEN format('(%s)::pg_catalog.text', expression)
        WHEN to_type = 'timestamptz' AND from_type = 'timestamp with time zone' THEN format('(%s)', expression)
        WHEN to_type = 'timestamptz' AND from_type = 'date'
            THEN format('((%s)::pg_catalog.timestamp AT TIME ZONE ''UTC'')', expression)
        WHEN to_type = 'timestamptz' AND from_type IN ('text', 'character varying')
            THEN format('mrcall.try_timestamptz(%s)', expression)
        WHEN to_type = 'boolean' AND from_type = 'boolean' THEN format('(%s)', expression)
        WHEN to_type = 'boolean' AND from_type IN ('text', 'character varying') THEN format('mrcall.try_boolean(%s)', expression)
        WHEN to_type = 'int' AND from_type IN ('smallint', 'integer') THEN format('(%s)::pg_catalog.int4', expression)
        WHEN to_type = 'int' AND from_type IN ('text', 'character varying', 'bigint')
            THEN format('mrcall.try_int((%s)::pg_catalog.text)', expression)
        WHEN to_type = 'numeric' AND from_type IN ('smallint', 'integer', 'bigint', 'numeric')
            THEN format('(%s)::pg_catalog.numeric', expression)
        WHEN to_type = 'numeric' AND from_type IN ('text', 'character varying') THEN format('mrcall.try_numeric(%s)', expression)
        WHEN to_type = 'jsonb' AND from_type IN ('jsonb', 'json') THEN format('(%s)::pg_catalog.jsonb', expression)
        WHEN to_type = 'text[]' AND from_type IN ('text[]', 'character varying[]', 'uuid[]')
            THEN format('(%s)::pg_catalog.text[]', expression)
    END
$$;
COMMENT ON FUNCTION mrcall_internal.cast_expression(text, text, text) IS
    'How a value of a source becomes a column of its fixed type; NULL where it cannot';
