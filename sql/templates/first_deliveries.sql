        SELECT e.event_id, e.visitor_id, e.occurred_at, e.event_type, e.page_url, e.page_path, e.referrer, e.utm_source, e.utm_medium,
               e.utm_campaign, e.utm_term, e.utm_content, e.user_agent, e.properties,
               pg_catalog.lag(e.occurred_at) OVER (
                   PARTITION BY e.visitor_id COLLATE pg_catalog."C", e.event_id COLLATE pg_catalog."C"
                   ORDER BY e.occurred_at, e.page_path COLLATE pg_catalog."C", e.event_type COLLATE pg_catalog."C",
                            e.page_url COLLATE pg_catalog."C", e.referrer COLLATE pg_catalog."C", e.utm_source COLLATE pg_catalog."C",
                            e.utm_medium COLLATE pg_catalog."C", e.utm_campaign COLLATE pg_catalog."C",
                            e.utm_term COLLATE pg_catalog."C", e.utm_content COLLATE pg_catalog."C",
                            e.user_agent COLLATE pg_catalog."C", e.properties) AS delivered_before
        FROM mrcall.events AS e
        WHERE {condition}
