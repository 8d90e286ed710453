-- A role for each service, with what it needs and nothing else. Run as the owner of the extension, after the roles were created:
--   CREATE ROLE website LOGIN PASSWORD '…'; and so on.

-- The website's server writes events, and reads nothing.
GRANT INSERT ON public.website_events TO website;

-- StarChat signs customers up and links their browsers.
GRANT SELECT, INSERT, UPDATE ON public.customers_registry TO starchat;
GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO starchat;
GRANT EXECUTE ON FUNCTION mrcall.link_visitor(text, text), mrcall.unlink_visitor(text, text) TO starchat;
GRANT SELECT ON mrcall.source TO starchat;

-- Dashboards, notebooks and BI tools read reports; dbt reads them too, and has a schema of its own for what it makes.
SELECT mrcall.grant_read('analyst');
SELECT mrcall.grant_read('dbt');
CREATE SCHEMA analytics;
GRANT USAGE, CREATE ON SCHEMA analytics TO dbt;
