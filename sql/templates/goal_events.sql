-- The events from {since} to {until} that fit the goals {names}, each delivery once, with the customer whose browser it was: of several the
-- smallest by bytes. Only of events that fit the other deliveries are looked for.
    WITH hit AS MATERIALIZED (
        SELECT g.name, e.visitor_id, e.event_id, e.occurred_at
        FROM mrcall.goal AS g
        JOIN mrcall.events AS e ON mrcall_internal.fits_goal(g.event_type, g.page_pattern, e.event_type, e.page_path)
        WHERE g.name OPERATOR(pg_catalog.=) ANY ({names})
          AND e.occurred_at OPERATOR(pg_catalog.>=) {since} AND e.occurred_at OPERATOR(pg_catalog.<) {until}
    ),
    once AS (
        SELECT g.name, d.visitor_id, d.event_id, d.occurred_at
        FROM (
--@ include templates/first_deliveries.sql condition="e.event_id IS NOT NULL"
              AND EXISTS (SELECT FROM hit AS h WHERE h.visitor_id OPERATOR(pg_catalog.=) e.visitor_id
                                                 AND h.event_id OPERATOR(pg_catalog.=) e.event_id)
              AND e.occurred_at OPERATOR(pg_catalog.>=) mrcall_internal.earlier({since}, '24:00:00')
              AND e.occurred_at OPERATOR(pg_catalog.<) {until}
        ) AS d
        JOIN mrcall.goal AS g ON mrcall_internal.fits_goal(g.event_type, g.page_pattern, d.event_type, d.page_path)
        WHERE g.name OPERATOR(pg_catalog.=) ANY ({names}) AND d.occurred_at OPERATOR(pg_catalog.>=) {since}
          AND (d.delivered_before IS NULL
               OR d.delivered_before OPERATOR(pg_catalog.<) mrcall_internal.earlier(d.occurred_at, '24:00:00'))
        UNION ALL
        SELECT h.name, h.visitor_id, h.event_id, h.occurred_at
        FROM hit AS h
        WHERE h.event_id IS NULL OR h.visitor_id IS NULL
    )
    SELECT o.name, o.event_id, l.customer_id, o.visitor_id, o.occurred_at
    FROM once AS o
    LEFT JOIN (
        SELECT b.visitor_id, pg_catalog.min(c.customer_id COLLATE pg_catalog."C") COLLATE pg_catalog."default" AS customer_id
        FROM mrcall.customers AS c
        CROSS JOIN LATERAL pg_catalog.unnest(c.website_session_ids) AS b (visitor_id)
        WHERE EXISTS (SELECT FROM hit AS h WHERE h.visitor_id OPERATOR(pg_catalog.=) b.visitor_id)
        GROUP BY b.visitor_id
    ) AS l ON l.visitor_id OPERATOR(pg_catalog.=) o.visitor_id
