-- The extension, freshly installed and attached to the reference schema. Nothing here needs a superuser. What an earlier installation
-- kept stays.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS mrcall_ext CASCADE;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach() \g /dev/null
-- As mrcall.doctor() says: explain_conversion finds a payment through them.
CREATE INDEX ON public.stripe_webhooks_registry USING gin (mrcall.stripe_ids(document)) WITH (fastupdate = off);
CREATE INDEX ON public.apple_webhooks_registry USING gin (mrcall.apple_ids(document)) WITH (fastupdate = off);
ANALYZE public.stripe_webhooks_registry, public.apple_webhooks_registry;
