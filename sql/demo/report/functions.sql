-- What the reports print with: numbers, text of a fixed width, bars, sparklines. All of it ends with the connection.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset pager off
\pset format unaligned
\pset tuples_only on
\pset footer off
\pset null ''

-- 1234567.8 with one decimal: 1,234,567.8
CREATE OR REPLACE FUNCTION pg_temp.num(value numeric, decimals int DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(to_char(value, 'FM999,999,999,999,999,990'
        || CASE WHEN decimals > 0 THEN '.' || repeat('0', decimals) ELSE '' END), '–')
$$;

-- Text to the right of a column: numbers, never cut.
CREATE OR REPLACE FUNCTION pg_temp.r(value text, width int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT repeat(' ', width - length(coalesce(value, ''))) || coalesce(value, '')
$$;

-- Text to the left of a column: cut where it is too long, and harmless to a terminal.
CREATE OR REPLACE FUNCTION pg_temp.l(value text, width int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(CASE WHEN length(t) > width THEN left(t, width - 1) || '…' ELSE t END, width)
    FROM regexp_replace(left(coalesce(value, '–'), 1000), '[[:cntrl:]]', '�', 'g') AS t
$$;

-- A bar of at most width characters, in eighths of one.
CREATE OR REPLACE FUNCTION pg_temp.bar(value numeric, most numeric, width int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT repeat('█', e / 8) || CASE WHEN e % 8 > 0 THEN substr('▏▎▍▌▋▊▉', e % 8, 1) ELSE '' END
    FROM (SELECT CASE WHEN value > 0 AND most > 0 THEN greatest(1, round(least(value / most, 1) * width * 8))::int ELSE 0 END) AS b (e)
$$;

-- One character a value, a blank for none; the highest is most or, without it, the greatest of them.
CREATE OR REPLACE FUNCTION pg_temp.spark(figures numeric[], most numeric DEFAULT NULL) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(
        CASE WHEN coalesce(f.value, 0) <= 0 THEN ' ' ELSE substr('▁▂▃▄▅▆▇█', least(8, greatest(1, ceil(f.value / f.most * 8)))::int, 1) END,
        '' ORDER BY f.place)
    FROM (SELECT u.value, u.place, coalesce(spark.most, max(u.value) OVER ()) AS most
          FROM unnest(figures) WITH ORDINALITY AS u (value, place)) AS f
$$;

-- 0:53, 1:02:03
CREATE OR REPLACE FUNCTION pg_temp.span(value interval) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN s IS NULL THEN '–' WHEN s < 3600 THEN format('%s:%s', s / 60, to_char(s % 60, 'FM00'))
                ELSE format('%s:%s:%s', s / 3600, to_char(s / 60 % 60, 'FM00'), to_char(s % 60, 'FM00')) END
    FROM (SELECT round(extract(epoch FROM value))::bigint) AS d (s)
$$;

CREATE OR REPLACE FUNCTION pg_temp.percent(part numeric, whole numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(to_char(100 * part / nullif(whole, 0), 'FM990.0') || ' %', '–')
$$;

-- Whether two ways to a figure agree.
CREATE OR REPLACE FUNCTION pg_temp.mark(agrees boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN agrees THEN '✓' ELSE '✗' END
$$;

CREATE OR REPLACE FUNCTION pg_temp.rule(width int DEFAULT 96) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '  ' || repeat('─', width)
$$;

-- A section's heading, with what it is about at the right.
CREATE OR REPLACE FUNCTION pg_temp.heading(title text, about text DEFAULT '') RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT E'\n' || '━━ ' || title || ' ' || repeat('━', greatest(2, 93 - length(title) - length(about)))
        || CASE WHEN about = '' THEN '━━' ELSE ' ' || about END
$$;

-- The statement that made a section, to copy: below its heading.
CREATE OR REPLACE FUNCTION pg_temp.statement(statement text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '  ' || replace(statement, E'\n', E'\n  ') || E';\n'
$$;
