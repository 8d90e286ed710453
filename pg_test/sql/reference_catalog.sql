-- The reference schema's catalogue against the list of the database reference (pg_test/fixtures/reference_tables.txt).
CREATE TEMP TABLE listed (line text);
\copy listed FROM 'pg_test/fixtures/reference_tables.txt'
CREATE TEMP VIEW wanted AS
SELECT split_part(line, ':', 1) AS relation, string_to_array(nullif(trim(split_part(line, ':', 2)), ''), ' ') AS columns
FROM listed WHERE line ~ '^[a-z]';
CREATE TEMP VIEW present AS
SELECT c.oid, c.relname AS relation, c.relkind FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p');

-- Nothing is missing, nothing is there beside it: 35 application tables and the eleven of Quartz.
SELECT count(*) AS listed, count(*) FILTER (WHERE relation LIKE 'qrtz\_%') AS quartz FROM wanted;
SELECT relation AS missing FROM wanted EXCEPT SELECT relation FROM present;
SELECT relation AS not_listed FROM present EXCEPT SELECT relation FROM wanted;
-- Key columns.
SELECT w.relation, k.name AS missing
FROM wanted AS w CROSS JOIN unnest(w.columns) AS k (name)
WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = format('public.%I', w.relation)::regclass
                  AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped);
SELECT sum(cardinality(columns)) AS key_columns FROM wanted;
-- What the reference calls JSONB is jsonb.
SELECT c.relname AS relation, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND (c.relname, a.attname) IN (
    ('customers_registry', 'document'), ('sessions', 'data'), ('sessions', 'state_variables'), ('contact', 'variables'),
    ('product', 'price_id'), ('template', 'recurrent_resources'), ('stripe_webhooks_registry', 'document'),
    ('apple_webhooks_registry', 'document'), ('decision_table', 'queries'), ('business_variable', 'human_name_multilang'),
    ('business_datastore', 'document'), ('api_key_users', 'permissions'), ('cron_job_atoms', 'parameters_schema'))
ORDER BY 1, 2;
-- Instants are timestamptz, in every table.
SELECT a.attrelid::regclass AS relation, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
FROM present AS p JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum > 0
WHERE a.atttypid IN ('timestamp'::regtype, 'date'::regtype, 'char'::regtype, 'float4'::regtype, 'float8'::regtype, 'money'::regtype);

-- Primary keys: every table has one.
SELECT p.relation, pg_get_constraintdef(k.oid) AS primary_key
FROM present AS p LEFT JOIN pg_constraint AS k ON k.conrelid = p.oid AND k.contype = 'p'
ORDER BY p.relation COLLATE "C";
-- Foreign keys: along the key relationships, all ON DELETE SET NULL; Quartz has its own.
SELECT p.relation, pg_get_constraintdef(k.oid) AS foreign_key, k.convalidated
FROM present AS p JOIN pg_constraint AS k ON k.conrelid = p.oid AND k.contype = 'f'
ORDER BY p.relation COLLATE "C", k.conname COLLATE "C";
-- They work: an owner that goes leaves the business.
INSERT INTO public.customers_registry (id) VALUES ('fk-customer');
INSERT INTO public.template (name) VALUES ('fk-template');
INSERT INTO public.business (business_id, owner, template) VALUES ('fk-business', 'fk-customer', 'fk-template');
INSERT INTO public.sessions (id, business_id, start_timestamp) VALUES ('fk-call', 'fk-business', '2026-05-01');
INSERT INTO public.contact (contact_id, business_id) VALUES ('fk-contact', 'fk-business');
INSERT INTO public.phone_details (number, contact_id) VALUES ('+391', 'fk-contact');
DELETE FROM public.customers_registry WHERE id = 'fk-customer';
DELETE FROM public.template WHERE name = 'fk-template';
SELECT owner, template FROM public.business WHERE business_id = 'fk-business';
DELETE FROM public.contact WHERE contact_id = 'fk-contact';
DELETE FROM public.business WHERE business_id = 'fk-business';
SELECT s.business_id, p.contact_id FROM public.sessions AS s, public.phone_details AS p WHERE s.id = 'fk-call' AND p.number = '+391';
\set VERBOSITY sqlstate
INSERT INTO public.business (business_id, owner) VALUES ('fk-business', 'nobody');
\set VERBOSITY verbose
-- Every foreign key of the application has an index that begins with it.
SELECT p.relation, pg_get_constraintdef(k.oid) AS without_index
FROM present AS p JOIN pg_constraint AS k ON k.conrelid = p.oid AND k.contype = 'f'
WHERE p.relation NOT LIKE 'qrtz\_%'
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = p.oid AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1]);

-- Every table has a comment.
SELECT relation AS without_comment FROM present WHERE coalesce(obj_description(oid, 'pg_class'), '') = '';

-- With TimescaleDB the two big tables are hypertables of 7-day chunks; without it they are ordinary tables.
CREATE FUNCTION pg_temp.hypertables() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE $q$
            SELECT string_agg(hypertable_schema || '.' || hypertable_name || ' by ' || column_name || ' in ' || time_interval, ', '
                              ORDER BY hypertable_name)
            FROM timescaledb_information.dimensions
        $q$ INTO found;
        RETURN CASE WHEN found = 'public.sessions by start_timestamp in 7 days, public.website_events by created_at in 7 days'
                    THEN 'as it should be' ELSE found END;
    END IF;
    SELECT string_agg(relation || ' ' || relkind::text, ', ' ORDER BY relation) INTO found
    FROM present WHERE relation IN ('sessions', 'website_events');
    RETURN CASE WHEN found = 'sessions r, website_events r' THEN 'as it should be' ELSE found END;
END
$$;
SELECT pg_temp.hypertables();
