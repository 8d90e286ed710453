-- Prints the progress line of the stage named by :stage: the rows of the statement before, unless ROW_COUNT is unset,
-- and the time since the line before.
\if :{?ROW_COUNT}
\else
\set ROW_COUNT NULL
\endif
SELECT
    rpad('  ' || :'stage' || ' ', 32, '.')
    || coalesce(lpad(to_char(:ROW_COUNT::bigint, 'FM999,999,999,990'), 15, '.') || ' rows in ', lpad(' in ', 24, '.'))
    || round(extract(epoch FROM clock_timestamp() - :'stage_start'::timestamptz), 1) || ' s' AS progress_line,
    clock_timestamp() AS stage_start \gset
\echo :progress_line
