-- The ids by which webhooks' documents belong together, for indexes. See docs/explain_conversion.md.
-- What these functions return never changes, because indexes hold it: another rule is another function.

CREATE FUNCTION mrcall.stripe_ids(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'stripe_ids_wrapper';
COMMENT ON FUNCTION mrcall.stripe_ids(jsonb) IS
    'The ids of a paid invoice or refunded charge, its subscription, invoice, charge and payment intent; NULL for other documents';

CREATE FUNCTION mrcall.apple_ids(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'apple_ids_wrapper';
COMMENT ON FUNCTION mrcall.apple_ids(jsonb) IS
    'The ids of the transaction in an App Store server notification, signed or decoded: its own and the subscription''s';
