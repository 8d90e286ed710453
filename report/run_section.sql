-- Runs the statement in :statement for the section :section, and the one in :counts (what, count): figures that have to agree with its
-- rows, found in another way.
SELECT json_build_object('section', :'section', 'statement', :'statement', 'rows', (
    SELECT coalesce(json_agg(t.row), '[]')
    FROM (:statement) AS r
    CROSS JOIN LATERAL (SELECT json_object_agg(c.key, c.value) AS row FROM json_each_text(row_to_json(r)) AS c) AS t));
\if :ERROR
SELECT json_build_object('section', :'section', 'statement', :'statement', 'error', :'LAST_ERROR_MESSAGE');
\else
SELECT json_build_object('section', :'section', 'counts', (
    SELECT coalesce(json_object_agg(c.what, c.count::text), '{}') FROM (:counts) AS c (what, count)));
\endif
