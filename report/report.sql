-- What build/report.html shows, as lines of JSON: each section's statement, its rows as text, and the counts that have to agree with them.
--   psql -X -q -At -d DATABASE -v zone=UTC -v since= -v until= -v funnel= -f report.sql
-- All of it is of one snapshot, and nothing is written. A statement that fails is a section that says why.
\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT set_config('timezone', :'zone', true) \g /dev/null

-- Whole days: up to the last day with an event or a call, today left out; thirteen weeks unless more or less is asked for.
SELECT
    d.since::timestamp::timestamptz AS since, d.until::timestamp::timestamptz AS until, d.until - d.since AS days,
    CASE WHEN d.until - d.since <= 31 THEN '1 day' WHEN d.until - d.since <= 200 THEN '7 days' ELSE '1 month' END AS width,
    d.since AS first_day, d.until - 1 AS last_day
FROM (
    SELECT coalesce(nullif(:'since', '')::date, l.until - 91) AS since, l.until
    FROM (
        SELECT coalesce(nullif(:'until', '')::date + 1, least(
            greatest((SELECT max(e.occurred_at) FROM mrcall.events AS e), (SELECT max(c.started_at) FROM mrcall.calls AS c))::date + 1,
            current_date), current_date) AS until
    ) AS l
) AS d \gset
SELECT :'since'::timestamptz < :'until'::timestamptz AS is_range \gset
\if :is_range
\else
DO $$BEGIN RAISE EXCEPTION 'SINCE is after UNTIL' USING ERRCODE = '22023', HINT = 'UNTIL is the last day that counts.'; END$$;
\endif
-- As the statements write them: instants, the same in every session.
SELECT quote_literal(:'since') AS since, quote_literal(:'until') AS until, quote_literal(:'zone') AS zone \gset quoted_

SELECT json_build_object('section', 'about', 'database', current_database(), 'version', mrcall.version(),
    'server', format('PostgreSQL %s', split_part(current_setting('server_version'), ' ', 1)), 'zone', :'zone',
    'first_day', :'first_day', 'last_day', :'last_day', 'days', :days, 'width', :'width',
    'made_at', to_char(now(), 'YYYY-MM-DD HH24:MI'));

\set ON_ERROR_STOP off
\set ON_ERROR_ROLLBACK on
\ir sections/headline.sql
\ir sections/channels.sql
\ir sections/models.sql
\ir sections/funnel.sql
\ir sections/cohorts.sql
\ir sections/calls.sql
\ir sections/service.sql
\ir sections/heatmap.sql
\ir sections/businesses.sql
COMMIT;
