-- Which browser belongs to which customer, out of the documents: a column store's user takes them apart on loading.
SELECT DISTINCT c.id AS customer_id, b.id AS session_id
FROM public.customers_registry AS c
CROSS JOIN LATERAL (
    SELECT n.id #>> '{}' AS id
    FROM jsonb_path_query(c.document, '$.website_session_ids[*] ? (@.type() == "string")') AS n (id)
    UNION ALL
    SELECT n.id #>> '{}' FROM jsonb_path_query(c.document, '$.website_session_id ? (@.type() == "string")') AS n (id)
) AS b
WHERE b.id <> ''
