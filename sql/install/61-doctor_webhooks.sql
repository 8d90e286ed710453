-- doctor: documents of webhooks that no report reads. See docs/doctor.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

-- The types of documents that the view conversions reads: of Apple's those that without a priced transaction lack something.
CREATE FUNCTION mrcall_internal.read_types(logical_table text)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN logical_table OPERATOR(pg_catalog.=) 'stripe_events'
                THEN '{charge.dispute.closed,charge.dispute.created,charge.dispute.funds_reinstated,charge.dispute.funds_withdrawn,
                       charge.dispute.updated,charge.refund.updated,charge.refunded,charge.succeeded,charge.updated,
                       checkout.session.completed,credit_note.created,credit_note.updated,credit_note.voided,invoice.overpaid,
                       invoice.paid,invoice.payment_succeeded,invoice.updated,invoice_payment.paid,payment_intent.succeeded,
                       refund.created,refund.failed,refund.updated}'::pg_catalog.text[]
                ELSE '{SUBSCRIBED,DID_RENEW,ONE_TIME_CHARGE,OFFER_REDEEMED,REFUND,REFUND_REVERSED}'::pg_catalog.text[] END
$$;
COMMENT ON FUNCTION mrcall_internal.read_types(text) IS 'The types of webhooks'' documents that the view conversions reads';

-- Why a number in a document makes no conversion. An amount of zero is one: nothing was paid.
CREATE FUNCTION mrcall_internal.is_amount(value text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT COALESCE(mrcall.try_numeric(value) OPERATOR(pg_catalog.<) 1e24, false) $$;
COMMENT ON FUNCTION mrcall_internal.is_amount(text) IS 'Whether a text is an amount that the view conversions can count';

-- What a fact of Stripe's lacks so that it counts.
CREATE FUNCTION mrcall_internal.fact_lacks(
    kind text, id text, invoice_id text, charge_id text, amount text, at timestamptz, returned_at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN kind OPERATOR(pg_catalog.=) 'link' THEN NULL
        WHEN NOT mrcall_internal.is_amount(amount) THEN 'an amount'
        WHEN CASE WHEN kind OPERATOR(pg_catalog.=) ANY ('{paid,part}'::pg_catalog.text[]) THEN invoice_id
                  WHEN kind OPERATOR(pg_catalog.=) 'total' THEN charge_id ELSE id END IS NULL THEN 'an id of their object'
        WHEN at IS NULL AND returned_at IS NULL THEN 'a time' END
$$;
COMMENT ON FUNCTION mrcall_internal.fact_lacks(text, text, text, text, text, timestamptz, timestamptz) IS
    'What a fact of stripe_facts lacks so that it counts; NULL of one that lacks nothing';

-- Why a document of a webhook is left out; NULL of one that is read. Inlined, so every name and operator is qualified.
CREATE FUNCTION mrcall_internal.left_out_stripe(document jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN document IS NULL OR pg_catalog.jsonb_typeof(document) OPERATOR(pg_catalog.<>) 'object' THEN 'that are no JSON object'
        WHEN document OPERATOR(pg_catalog.->>) 'type' IS NULL THEN 'without a type'
        WHEN COALESCE((document OPERATOR(pg_catalog.->>) 'mrcall_counts') OPERATOR(pg_catalog.<>) 'true', true)
             AND COALESCE(document OPERATOR(pg_catalog.->>) 'livemode', document OPERATOR(pg_catalog.#>>) '{data,object,livemode}')
                 OPERATOR(pg_catalog.=) 'false' THEN 'in test mode'
        WHEN COALESCE((document OPERATOR(pg_catalog.->>) 'mrcall_counts') OPERATOR(pg_catalog.<>) 'true', true)
             AND pg_catalog.btrim(document OPERATOR(pg_catalog.->>) 'account', E' \t\r\n') OPERATOR(pg_catalog.<>) ''
            THEN 'of another account'
        WHEN (document OPERATOR(pg_catalog.->>) 'type') OPERATOR(pg_catalog.<>) ALL (mrcall_internal.read_types('stripe_events'))
            THEN 'of type "' OPERATOR(pg_catalog.||) pg_catalog.left(document OPERATOR(pg_catalog.->>) 'type', 100)
                 OPERATOR(pg_catalog.||) '"'
        WHEN COALESCE(pg_catalog.jsonb_typeof(document OPERATOR(pg_catalog.#>) '{data,object}') OPERATOR(pg_catalog.<>) 'object', true)
            THEN 'of type "' OPERATOR(pg_catalog.||) (document OPERATOR(pg_catalog.->>) 'type')
                 OPERATOR(pg_catalog.||) '" without an object'
    END
$$;
COMMENT ON FUNCTION mrcall_internal.left_out_stripe(jsonb) IS
    'Why a document of Stripe''s is left out as a whole; NULL of one that is read';

-- For one document: what unread_documents says of all of them.
CREATE FUNCTION mrcall_internal.unread_stripe(document jsonb, received_at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 200
AS $$
    SELECT COALESCE(mrcall_internal.left_out_stripe(document), pg_catalog.format(
        CASE WHEN f.lacks IS NOT NULL THEN 'of type "%s" without %s' END, document OPERATOR(pg_catalog.->>) 'type', f.lacks))
    FROM (SELECT pg_catalog.min(mrcall_internal.fact_lacks(x.kind, x.id, x.invoice_id, x.charge_id, x.amount, x.at, x.returned_at)
                                COLLATE pg_catalog."C") AS lacks
          FROM mrcall_internal.stripe_facts(document, received_at) AS x) AS f
$$;
COMMENT ON FUNCTION mrcall_internal.unread_stripe(jsonb, timestamptz) IS
    'Why no report reads a document of Stripe''s; NULL of one that is read';

-- notification, transaction: as apple_notification and apple_transaction decode them. Inlined, so every name and operator is
-- qualified.
CREATE FUNCTION mrcall_internal.unread_apple(document jsonb, notification jsonb, transaction jsonb, received_at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN notification IS NULL OR pg_catalog.jsonb_typeof(notification) OPERATOR(pg_catalog.<>) 'object'
            THEN 'that are no JSON object, or whose signedPayload is no JWS'
        WHEN notification OPERATOR(pg_catalog.->>) 'notificationType' IS NULL THEN 'without a type'
        WHEN COALESCE((document OPERATOR(pg_catalog.->>) 'mrcall_counts') OPERATOR(pg_catalog.<>) 'true', true)
             AND ((transaction OPERATOR(pg_catalog.->>) 'environment') OPERATOR(pg_catalog.<>) 'Production'
                  OR (notification OPERATOR(pg_catalog.#>>) '{data,environment}') OPERATOR(pg_catalog.<>) 'Production')
            THEN 'of the environment "' OPERATOR(pg_catalog.||) pg_catalog.left(
                CASE WHEN (transaction OPERATOR(pg_catalog.->>) 'environment') OPERATOR(pg_catalog.<>) 'Production'
                     THEN transaction OPERATOR(pg_catalog.->>) 'environment'
                     ELSE notification OPERATOR(pg_catalog.#>>) '{data,environment}' END, 100) OPERATOR(pg_catalog.||) '"'
        WHEN pg_catalog.btrim(transaction OPERATOR(pg_catalog.->>) 'transactionId', E' \t\r\n') OPERATOR(pg_catalog.<>) ''
             AND mrcall_internal.is_bought(document, notification, transaction) IS NOT TRUE THEN 'of what a family shares'
        WHEN pg_catalog.btrim(transaction OPERATOR(pg_catalog.->>) 'transactionId', E' \t\r\n') OPERATOR(pg_catalog.<>) '' IS NOT TRUE
             OR NOT mrcall_internal.is_amount(transaction OPERATOR(pg_catalog.->>) 'price')
                AND (notification OPERATOR(pg_catalog.->>) 'notificationType')
                    OPERATOR(pg_catalog.<>) ALL (mrcall_internal.read_types('apple_events'))
            THEN 'of type "' OPERATOR(pg_catalog.||) pg_catalog.left(notification OPERATOR(pg_catalog.->>) 'notificationType', 100)
                 OPERATOR(pg_catalog.||) CASE WHEN (notification OPERATOR(pg_catalog.->>) 'notificationType')
                                                   OPERATOR(pg_catalog.=) ANY (mrcall_internal.read_types('apple_events'))
                                              THEN '" without a transaction' ELSE '"' END
        WHEN NOT mrcall_internal.is_amount(transaction OPERATOR(pg_catalog.->>) 'price')
            THEN 'of type "' OPERATOR(pg_catalog.||) (notification OPERATOR(pg_catalog.->>) 'notificationType')
                 OPERATOR(pg_catalog.||) '" without a price'
        WHEN received_at IS NULL AND mrcall.try_timestamptz(notification OPERATOR(pg_catalog.->>) 'signedDate') IS NULL
             AND mrcall.try_timestamptz(transaction OPERATOR(pg_catalog.->>) 'signedDate') IS NULL
             AND mrcall.try_timestamptz(transaction OPERATOR(pg_catalog.->>) 'purchaseDate') IS NULL
            THEN 'of type "' OPERATOR(pg_catalog.||) (notification OPERATOR(pg_catalog.->>) 'notificationType')
                 OPERATOR(pg_catalog.||) '" without a time'
    END
$$;
COMMENT ON FUNCTION mrcall_internal.unread_apple(jsonb, jsonb, jsonb, timestamptz) IS
    'Why no report reads a notification of Apple''s; NULL of one that is read';

-- One pass over each registry. Without a SET clause, as mrcall_internal.orphans.
CREATE FUNCTION mrcall_internal.unread_documents()
RETURNS TABLE (object text, why text, documents bigint, example text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
AS $$
    SELECT 'stripe_events', u.why, pg_catalog.count(*), pg_catalog.min(u.event_id COLLATE pg_catalog."C")
    FROM (SELECT mrcall_internal.left_out_stripe(e.document) AS why, e.event_id FROM mrcall.stripe_events AS e) AS u
    WHERE u.why IS NOT NULL
    GROUP BY u.why
    UNION ALL
    SELECT 'stripe_events', pg_catalog.format('of type "%s" without %s', u.type, u.lacks), pg_catalog.count(*),
           pg_catalog.min(u.event_id COLLATE pg_catalog."C")
    FROM (SELECT e.document OPERATOR(pg_catalog.->>) 'type' AS type, l.lacks, e.event_id
          FROM mrcall.stripe_events AS e
          CROSS JOIN LATERAL (
              SELECT pg_catalog.min(mrcall_internal.fact_lacks(x.kind, x.id, x.invoice_id, x.charge_id, x.amount, x.at, x.returned_at)
                                    COLLATE pg_catalog."C") AS lacks
              FROM mrcall_internal.stripe_facts(e.document, e.received_at) AS x) AS l
          WHERE l.lacks IS NOT NULL) AS u
    GROUP BY u.type, u.lacks
    UNION ALL
    SELECT 'apple_events', u.why, pg_catalog.count(*), pg_catalog.min(u.event_id COLLATE pg_catalog."C")
    FROM (SELECT mrcall_internal.unread_apple(e.document, n.document, t.document, e.received_at) AS why, e.event_id
          FROM mrcall.apple_events AS e
          CROSS JOIN LATERAL (SELECT mrcall_internal.apple_notification(e.document) AS document OFFSET 0) AS n
          CROSS JOIN LATERAL (SELECT mrcall_internal.apple_transaction(n.document) AS document OFFSET 0) AS t) AS u
    WHERE u.why IS NOT NULL
    GROUP BY u.why
$$;
COMMENT ON FUNCTION mrcall_internal.unread_documents() IS 'How many documents of webhooks are not read, and why';

-- The most frequent kinds one by one, the rest in one line. What no report needs, or is left out on purpose, is worth knowing; what
-- should be read, a warning.
CREATE FUNCTION mrcall_internal.unread_findings(unread jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    WITH kind AS (
        SELECT u.*, t.is_type, row_number() OVER (PARTITION BY u.object, t.is_type
                                                  ORDER BY u.documents DESC, u.why COLLATE "C") AS nr
        FROM jsonb_to_recordset(unread) AS u (object text, why text, documents bigint, example text)
        CROSS JOIN LATERAL (
            SELECT u.why ~ '^of type ".*"$|^in test mode|^of another account|^of the environment|^of what a family') AS t (is_type)
    )
    SELECT CASE WHEN k.is_type THEN 'info' ELSE 'warning' END, k.object,
           concat(k.documents, ' documents ', k.why, ', such as event ' || k.example, ': no report reads them'),
           CASE k.object WHEN 'stripe_events'
                THEN format('SELECT * FROM mrcall.stripe_events WHERE mrcall_internal.unread_stripe(document, received_at) = %L LIMIT 10;',
                            k.why)
                ELSE format('SELECT * FROM mrcall.apple_events, mrcall_internal.apple_notification(document) AS n '
                            'WHERE mrcall_internal.unread_apple(document, n, mrcall_internal.apple_transaction(n), received_at) = %L '
                            'LIMIT 10;',
                            k.why) END
    FROM kind AS k
    WHERE k.nr <= 20
    UNION ALL
    SELECT 'info', k.object, format('%s documents of %s more types: no report reads them', sum(k.documents), count(*)), NULL
    FROM kind AS k
    WHERE k.nr > 20
    GROUP BY k.object
$$;
COMMENT ON FUNCTION mrcall_internal.unread_findings(jsonb) IS 'doctor''s findings in what unread_documents counts';

CREATE FUNCTION mrcall_internal.check_documents()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 20
AS $$
DECLARE
    unread pg_catalog.jsonb;
BEGIN
    SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(u)), '[]') INTO unread FROM mrcall_internal.unread_documents() AS u;
    RETURN QUERY SELECT f.* FROM mrcall_internal.unread_findings(unread) AS f;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_documents() IS 'doctor: documents of webhooks that no report reads';
