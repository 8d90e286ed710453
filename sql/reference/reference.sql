-- The reference schema of the MrCall database: every table that the extension may find, for new databases, demos
-- and tests. Run with psql on a database whose schema public holds none of these tables:
--   psql -d DATABASE -f reference.sql
-- All or nothing: a failure leaves the database as it was. With TimescaleDB installed in the database `sessions` and
-- `website_events` become hypertables, without it they are ordinary tables. A database that already has its own
-- tables needs none of this.
\set ON_ERROR_STOP on
\set reference_quiet :QUIET
\set QUIET on

BEGIN;
SET LOCAL search_path = public;

\ir 10-core.sql
\ir 20-billing.sql
\ir 30-conversation.sql
\ir 40-infrastructure.sql
\ir 50-auth.sql
\ir 60-other.sql
\ir 70-website.sql
\ir 80-quartz.sql
\ir 90-hypertables.sql

COMMIT;

\set QUIET :reference_quiet
\unset reference_quiet
