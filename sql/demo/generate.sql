-- Fills an empty reference schema with demo data: visitors of the website, customers, businesses, subscriptions,
-- webhooks, calls. Run with psql:
--   psql -d DATABASE -v visitors=20000 -v seed=42 -f generate.sql
-- visitors  browsers that visit the website (default 20000); about 7.5 events and 3 calls come with each.
-- seed      another seed gives other data, the same seed the same rows (default 42).
-- until     the last day of the data, in UTC (default 2026-05-31): another one moves all of them by whole days, and only the days
--           of the week stay where they are, quiet at weekends.
-- nasty     1 adds what a benchmark should not be spared: 1 % late events (stored after all others), one visitor with
--           200,000 events (visitors * 2 below 100,000 visitors), session ids of up to 128 characters, customer
--           documents with malformed links (default 0).
-- What is tracked lies in the 120 days that end with `until`, so by default both clock changes of March 2026 are in; older
-- accounts, their subscriptions and payments go back to the year before. Nothing depends on random(), on the clock or on
-- the order in which rows are read: every value is a hash of the seed, the row and the value's purpose.
-- All in one transaction: a run that fails or is cancelled leaves the tables empty.
\set ON_ERROR_STOP on
\set QUIET on
\timing off
\if :{?visitors}
\else
\set visitors 20000
\endif
\if :{?seed}
\else
\set seed 42
\endif
\if :{?until}
\else
\set until 2026-05-31
\endif
\if :{?nasty}
\else
\set nasty 0
\endif

BEGIN;
SET LOCAL search_path = public, pg_temp;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
-- A few large statements: compiling their expressions takes longer than it saves.
SET LOCAL jit = off;
SET LOCAL work_mem = '192MB';

\ir generate/start.sql
\ir generate/functions.sql
\ir generate/catalogue.sql
\ir generate/visitors.sql
\ir generate/customers.sql
\ir generate/events.sql
\ir generate/heartbeats.sql
\ir generate/business.sql
\ir generate/stripe.sql
\ir generate/apple.sql
\ir generate/calls.sql
\ir generate/small.sql

COMMIT;

\set stage 'vacuum and analyze'
VACUUM (ANALYZE) website_events, customers_registry, business, payment_subscription, business_resources,
    stripe_webhooks_registry, apple_webhooks_registry, sessions, sessions_ids, contact, phone_details, template,
    product, decision_table, business_variable, template_business_variable, business_datastore, service_number,
    session_retention_policies, cron_job_atoms, business_cron_jobs, oauth_clients, oauth_realm_config,
    user_oauth_providers, auth_audit_log, webcall_registry, whatsapp_messages, instance_registry,
    general_purpose_registry, keyvalue_registry, audio_cache;
\unset ROW_COUNT
\ir generate/done.sql
