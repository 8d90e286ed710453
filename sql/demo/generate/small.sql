-- Address books, and the small tables that describe how the system is set up.

CREATE TEMP TABLE demo_contact ON COMMIT DROP AS
SELECT
    pg_temp.part(200 + n, b.key) AS key, b.rank, n AS nr, b.key AS business_key, b.business_id, b.dial, b.country,
    b.language, b.created_at
FROM demo_business b
CROSS JOIN LATERAL generate_series(1, b.contacts) AS n;

INSERT INTO public.contact (contact_id, business_id, display_name, variables, created_at)
SELECT
    pg_temp.uuid_text(key), business_id, pg_temp.caller_name(nr, business_key),
    jsonb_build_object('LANGUAGE', language, 'VIP', pg_temp.u(1, key) < 0.05),
    created_at + floor(3600 + 604800 * pg_temp.u(2, key)) * interval '1 second'
FROM demo_contact
ORDER BY rank, nr;
\set stage contacts
\ir done.sql

INSERT INTO public.phone_details (number, contact_id, country_alpha2, number_type)
SELECT
    CASE n
        WHEN 1 THEN pg_temp.caller_number(c.nr, c.business_key, c.dial)
        ELSE c.dial || pg_temp.digits(9, 3, c.key)
    END,
    pg_temp.uuid_text(c.key), c.country,
    CASE
        WHEN pg_temp.u(4, pg_temp.part(n, c.key)) < 0.75 THEN 'mobile'
        WHEN pg_temp.u(4, pg_temp.part(n, c.key)) < 0.95 THEN 'fixed_line'
        ELSE 'voip'
    END
FROM demo_contact c
CROSS JOIN LATERAL generate_series(1, CASE WHEN pg_temp.u(5, c.key) < 0.2 THEN 2 ELSE 1 END) AS n
ORDER BY c.rank, c.nr, n;
\set stage 'phone numbers'
\ir done.sql

INSERT INTO public.service_number (id, provider, businessid, iso_alpha2, created_at)
SELECT
    min(service_number), 'telnyx', min(business_id), min(country), min(created_at)
FROM demo_business
WHERE service_number IS NOT NULL
GROUP BY service_number
ORDER BY min(rank);
\set stage 'service numbers'
\ir done.sql

INSERT INTO public.session_retention_policies (business_id, archive_after_days, delete_after_days)
SELECT
    business_id, (ARRAY[30, 60, 90])[pg_temp.pick(3, 31, key)],
    CASE WHEN pg_temp.u(32, key) < 0.7 THEN (ARRAY[180, 365, 730])[pg_temp.pick(3, 33, key)] END
FROM demo_business
WHERE pg_temp.u(30, key) < 0.3
ORDER BY rank;
\set stage 'retention policies'
\ir done.sql

INSERT INTO public.decision_table (instance, state, execution_order, action, transition, queries)
VALUES
('default', 'start', 0, '', 'greeting', '[]'),
('default', 'greeting', 10, 'send_greeting', 'ask_reason', '["hello", "good morning"]'),
('default', 'ask_reason', 20, '', 'classify_reason', '["I call because"]'),
('default', 'classify_reason', 30, 'classify_text', 'opening_hours', '[]'),
('default', 'spam_check', 40, 'check_spam', 'goodbye', '["we offer you"]'),
('default', 'opening_hours', 50, 'read_hours', 'goodbye', '["when are you open"]'),
('default', 'book_appointment', 60, 'calendar_find_slot', 'appointment_confirmed', '["I would like to book"]'),
('default', 'appointment_confirmed', 70, 'calendar_book', 'goodbye', '[]'),
('default', 'take_message', 80, 'record_message', 'goodbye', '["leave a message"]'),
('default', 'transfer', 90, 'transfer_call', NULL, '["talk to a person"]'),
('default', 'not_understood', 100, '', 'ask_reason', '[]'),
('default', 'goodbye', 110, 'hang_up', NULL, '["bye", "thank you"]');

INSERT INTO public.business_variable (name, type, human_name_multilang)
VALUES
('COMPANY_NAME', 'text', '{"en": "Company name", "it": "Nome azienda"}'),
('OPENING_HOURS', 'hours', '{"en": "Opening hours", "it": "Orari di apertura"}'),
('GREETING', 'text', '{"en": "Greeting", "it": "Saluto"}'),
('TRANSFER_NUMBER', 'phone', '{"en": "Transfer number", "it": "Numero per il trasferimento"}'),
('VOICE', 'choice', '{"en": "Voice", "it": "Voce"}'),
('BLOCK_SPAM', 'boolean', '{"en": "Block spam", "it": "Blocca lo spam"}');

INSERT INTO public.template_business_variable (template_name, variable_name, visible, modifiable)
SELECT t.name, v.name, v.name <> 'VOICE' OR t.name <> 'generic', v.name <> 'BLOCK_SPAM'
FROM public.template t
CROSS JOIN public.business_variable v;

INSERT INTO public.cron_job_atoms (atom_id, state_name, parameters_schema)
VALUES
('daily_summary', 'send_summary', '{"type": "object", "properties": {"email": {"type": "string"}}}'),
('reminder', 'remind_appointment', '{"type": "object", "properties": {"hours_before": {"type": "integer"}}}');

INSERT INTO public.business_cron_jobs (job_id, business_id, cron_expression, enabled, atom_id, parameters, created_at)
SELECT
    'summary-' || business_id, business_id, '0 0 18 ? * MON-FRI', pg_temp.u(35, key) < 0.9, 'daily_summary',
    jsonb_build_object('email', 'customer' || customer || '@example.org'), created_at
FROM demo_business
WHERE pg_temp.u(34, key) < 0.2
ORDER BY rank;

INSERT INTO public.business_datastore (id, namespace, document, updated_at)
SELECT business_id, 'settings', jsonb_build_object('COMPANY_NAME', 'Company ' || rank), created_at
FROM demo_business
ORDER BY rank;

INSERT INTO public.user_oauth_providers (user_id, provider, provider_user_id, email, linked_at)
SELECT
    id, CASE WHEN pg_temp.u(41, key) < 0.8 THEN 'google' ELSE 'apple' END, pg_temp.digits(15, 42, key) || customer,
    'customer' || customer || '@example.org', created_at
FROM demo_customer
WHERE pg_temp.u(40, key) < 0.6
ORDER BY customer;

INSERT INTO public.auth_audit_log (created_at, user_id, client_id, action, success, ip_address)
SELECT created_at, id, 'dashboard', 'sign_up', true, ('192.0.2.' || pg_temp.pick(254, 43, key))::inet
FROM demo_customer
ORDER BY created_at, key;

INSERT INTO public.oauth_clients (client_id, client_name, redirect_uris, scopes, created_at)
VALUES
('dashboard', 'Dashboard', '{https://dashboard.mrcall.ai/callback}', '{openid,business}', pg_temp.moved('2025-01-01 00:00:00+00'));

INSERT INTO public.oauth_realm_config (realm, issuer)
VALUES ('mrcall', 'https://auth.example.org/mrcall'), ('partner', 'https://auth.example.org/partner');

INSERT INTO public.instance_registry (id, status, started_at, last_seen_at)
VALUES
('starchat-1', 'running', pg_temp.moved('2026-05-20 03:00:00+00'), pg_temp.moved('2026-05-31 23:59:50+00')),
('starchat-2', 'running', pg_temp.moved('2026-05-20 03:05:00+00'), pg_temp.moved('2026-05-31 23:59:55+00'));

INSERT INTO public.general_purpose_registry (namespace, id, document, updated_at)
VALUES ('feature_flags', 'whatsapp', '{"enabled": true}', pg_temp.moved('2026-01-10 00:00:00+00'));

INSERT INTO public.keyvalue_registry (namespace, key, value, updated_at)
VALUES ('starchat', 'schema_version', '1', pg_temp.moved('2026-01-10 00:00:00+00'));

INSERT INTO public.audio_cache (id, text, provider, language, audio_s3_key, created_at)
VALUES
('greeting-it', 'Buongiorno, come posso aiutarla?', 'azure', 'it-IT', 'tts/greeting-it.mp3', pg_temp.moved('2026-01-10 00:00:00+00')),
('greeting-en', 'Hello, how can I help you?', 'azure', 'en-US', 'tts/greeting-en.mp3', pg_temp.moved('2026-01-10 00:00:00+00'));
\set stage 'settings and other tables'
\unset ROW_COUNT
\ir done.sql
