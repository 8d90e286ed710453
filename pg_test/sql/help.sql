-- mrcall.help: everything that is public, in order of task, with its page.
\pset format unaligned
\pset tuples_only on
SELECT page, name || coalesce('(' || arguments || ')', '') FROM mrcall.help();
\pset format aligned
\pset tuples_only off
-- Once each, with a page and a comment.
SELECT count(*) = (SELECT count(*) FROM pg_class WHERE relnamespace = 'mrcall'::regnamespace AND relkind IN ('r', 'v'))
                  + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'mrcall'::regnamespace) AS complete FROM mrcall.help();
SELECT * FROM mrcall.help() WHERE page IS NULL OR what IS NULL OR returns IS NULL
    AND name NOT IN ('apply_session_retention', 'copy_from', 'refresh');
SELECT page, n.name AS no_such_object FROM mrcall_internal.help_pages() AS p, unnest(p.names) AS n (name)
WHERE NOT EXISTS (SELECT FROM mrcall.help() AS h WHERE h.name = split_part(n.name, '(', 1) AND h.page = p.page);
-- About a name or what is said of it, in any case; characters mean themselves.
SELECT name, page FROM mrcall.help('BUCKET');
SELECT name, arguments, returns FROM mrcall.help('link_visitor');
SELECT count(*) AS none FROM mrcall.help('no such thing %');
SELECT count(*) = (SELECT count(*) FROM mrcall.help()) AS all FROM mrcall.help(NULL);
