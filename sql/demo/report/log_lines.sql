-- What was taken of the logs that are loaded, what was refused and why. Needs functions.sql.
SELECT format('    %s: %s lines = %s taken + %s refused', rtrim(pg_temp.l(string_agg(DISTINCT d.log_name, ', '), 40)),
              pg_temp.num(sum(d.lines)), pg_temp.num(coalesce(sum(d.lines) FILTER (WHERE d.is_taken), 0)),
              pg_temp.num(coalesce(sum(d.lines) FILTER (WHERE NOT d.is_taken), 0)))
FROM public.demo_log AS d;
SELECT format('      %s %s  %s', CASE WHEN f.is_taken THEN 'taken  ' ELSE 'refused' END, pg_temp.r(pg_temp.num(f.lines), 11),
              CASE f.kind WHEN 'page_view' THEN 'page_view  what a person sees as a page'
                          WHEN 'asset' THEN 'asset      images, styles, scripts, feeds, downloads'
                          WHEN 'request' THEN 'request    redirects, errors, HEAD, POST and the like'
                          ELSE rtrim(pg_temp.l(format('%s (line %s)', f.kind, f.first_lines), 70)) END)
FROM (
    SELECT d.is_taken, d.kind, sum(d.lines) AS lines, (array_agg(d.first_lines ORDER BY d.loaded_at DESC))[1] AS first_lines
    FROM public.demo_log AS d
    GROUP BY d.is_taken, d.kind
) AS f
ORDER BY f.is_taken DESC, f.lines DESC, f.kind;
SELECT format('    page addresses begin with %s (LOG_HOST=… names another host)', rtrim(pg_temp.l(string_agg(DISTINCT d.origin, ', '), 40)))
FROM public.demo_log AS d;
