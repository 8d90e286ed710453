-- Which browsers belong to which customer, with the businesses that the customer owns.
CREATE OR REPLACE VIEW mrcall.identities WITH (security_invoker = true) AS
SELECT browser.visitor_id, c.customer_id, b.owner, b.business_id
FROM mrcall.customers AS c
CROSS JOIN LATERAL unnest(c.website_session_ids) AS browser (visitor_id)
LEFT JOIN mrcall.businesses AS b ON b.owner = c.customer_id;
COMMENT ON VIEW mrcall.identities IS 'Visitor to customer to owner to business: a row for each path; business_id NULL where there is none';
