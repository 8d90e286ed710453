-- What webhooks' documents say about money (docs/conversions.md), and the ids by which they belong together, for indexes
-- (docs/explain_conversion.md).

CREATE FUNCTION mrcall_internal.stripe_facts(document jsonb, received_at timestamptz)
RETURNS TABLE (
    kind text, id text, invoice_id text, charge_id text, intent_id text, subscription_id text, customer_id text, currency text,
    amount text, at timestamptz, returned_at timestamptz)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20 ROWS 1
AS 'MODULE_PATHNAME', 'stripe_facts_wrapper';
COMMENT ON FUNCTION mrcall_internal.stripe_facts(jsonb, timestamptz) IS
    'What an event of Stripe''s says about money and about what belongs together; nothing of tests and of other accounts';

-- Not what a test bought or a family shares; REVOKE ends such sharing. Inlined, so every name and operator is qualified.
CREATE FUNCTION mrcall_internal.is_bought(document jsonb, notification jsonb, transaction jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.btrim(transaction OPERATOR(pg_catalog.->>) 'transactionId', E' \t\r\n') OPERATOR(pg_catalog.<>) ''
       AND (notification OPERATOR(pg_catalog.->>) 'notificationType') OPERATOR(pg_catalog.<>) 'REVOKE'
       AND (COALESCE(transaction OPERATOR(pg_catalog.->>) 'environment', 'Production') OPERATOR(pg_catalog.=) 'Production'
            AND COALESCE(notification OPERATOR(pg_catalog.#>>) '{data,environment}', 'Production') OPERATOR(pg_catalog.=) 'Production'
            AND COALESCE(transaction OPERATOR(pg_catalog.->>) 'inAppOwnershipType', 'PURCHASED') OPERATOR(pg_catalog.=) 'PURCHASED'
            AND COALESCE(transaction OPERATOR(pg_catalog.->>) 'revocationType', '') OPERATOR(pg_catalog.<>) 'FAMILY_REVOKE'
            OR COALESCE((document OPERATOR(pg_catalog.->>) 'mrcall_counts') OPERATOR(pg_catalog.=) 'true', false))
$$;
COMMENT ON FUNCTION mrcall_internal.is_bought(jsonb, jsonb, jsonb) IS
    'Whether a notification of Apple''s is of a transaction that a customer bought, or that the mapping counts';

-- What the functions below return never changes, because indexes hold it: another rule is another function.

CREATE FUNCTION mrcall.stripe_ids(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'stripe_ids_wrapper';
COMMENT ON FUNCTION mrcall.stripe_ids(jsonb) IS
    'The ids that an event of Stripe''s about money names: refund or dispute, invoice, charge, payment intent, subscription; else NULL';

CREATE FUNCTION mrcall.apple_ids(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'apple_ids_wrapper';
COMMENT ON FUNCTION mrcall.apple_ids(jsonb) IS
    'The ids of the transaction in an App Store server notification, signed or decoded: its own and the subscription''s';
