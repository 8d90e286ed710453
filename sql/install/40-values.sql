-- Values out of JSON documents that may be malformed: what does not parse is NULL, never an error.

CREATE FUNCTION mrcall.try_timestamptz(value text)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'try_timestamptz_wrapper';
COMMENT ON FUNCTION mrcall.try_timestamptz(text) IS
    'An instant from ISO 8601 or RFC 5322 (UTC unless it names a zone) or from digits of the Unix epoch; NULL for any other text';

-- Who called: reports compare callers, address books and kept hashes by it. See docs/calls.md.
CREATE FUNCTION mrcall.caller_id(caller text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'caller_id_wrapper';
COMMENT ON FUNCTION mrcall.caller_id(text) IS
    'Who called: a number in E.164 form, another caller as it is written; NULL for a blank text or a withheld number';

CREATE FUNCTION mrcall.try_bigint(value text)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'try_bigint_wrapper';
COMMENT ON FUNCTION mrcall.try_bigint(text) IS 'A whole number; NULL for any other text';

CREATE FUNCTION mrcall.try_boolean(value text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'try_boolean_wrapper';
COMMENT ON FUNCTION mrcall.try_boolean(text) IS 'A truth value; NULL for any other text';

-- Not STRICT: a call that runs has no end. In C, so that its arguments, fields of a document, are read once.
CREATE FUNCTION mrcall_internal.within_call(answered_at timestamptz, started_at timestamptz, ended_at timestamptz)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 2
AS 'MODULE_PATHNAME', 'within_call_wrapper';
COMMENT ON FUNCTION mrcall_internal.within_call(timestamptz, timestamptz, timestamptz) IS
    'When a call was answered; NULL where that is not within the call';

CREATE FUNCTION mrcall_internal.numeric_text(value text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'numeric_text_wrapper';
COMMENT ON FUNCTION mrcall_internal.numeric_text(text) IS 'The text if it is a number';

CREATE FUNCTION mrcall.try_numeric(value text)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
AS $$ SELECT mrcall_internal.numeric_text(value)::pg_catalog.numeric $$;
COMMENT ON FUNCTION mrcall.try_numeric(text) IS 'A number; NULL for any other text';

CREATE FUNCTION mrcall.try_int(value text)
RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
AS $$
    SELECT CASE WHEN mrcall.try_bigint(value) OPERATOR(pg_catalog.>=) '-2147483648'::bigint
                 AND mrcall.try_bigint(value) OPERATOR(pg_catalog.<=) '2147483647'::bigint
                THEN mrcall.try_bigint(value)::int END
$$;
COMMENT ON FUNCTION mrcall.try_int(text) IS 'A whole number of 32 bits; NULL for any other text';

CREATE FUNCTION mrcall_internal.jws_payload(value text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'jws_payload_wrapper';
COMMENT ON FUNCTION mrcall_internal.jws_payload(text) IS 'The JSON payload of a JWS; its signature is not checked';

-- Stripe names an object by its id, or puts the whole object there. Not STRICT: a strict function of a CASE is not inlined.
CREATE FUNCTION mrcall_internal.stripe_id(reference jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 3
AS $$
    SELECT CASE
        WHEN pg_catalog.jsonb_typeof(reference) OPERATOR(pg_catalog.=) 'string' THEN reference OPERATOR(pg_catalog.#>>) '{}'
        WHEN pg_catalog.jsonb_typeof(reference) OPERATOR(pg_catalog.=) 'object' THEN reference OPERATOR(pg_catalog.->>) 'id'
    END
$$;
COMMENT ON FUNCTION mrcall_internal.stripe_id(jsonb) IS 'The id that a Stripe document refers to';

-- Apple sends its notifications as signed JWS texts, one inside the other; a registry may keep them decoded.
CREATE FUNCTION mrcall_internal.apple_notification(document jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 30
AS $$
    SELECT CASE WHEN pg_catalog.jsonb_typeof(document OPERATOR(pg_catalog.->) 'signedPayload') OPERATOR(pg_catalog.=) 'string'
                THEN mrcall_internal.jws_payload(document OPERATOR(pg_catalog.->>) 'signedPayload')::pg_catalog.jsonb
                ELSE document END
$$;
COMMENT ON FUNCTION mrcall_internal.apple_notification(jsonb) IS
    'An App Store server notification, decoded where it is still signed';

CREATE FUNCTION mrcall_internal.apple_transaction(notification jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 30
AS $$
    SELECT CASE
        WHEN pg_catalog.jsonb_typeof(notification OPERATOR(pg_catalog.#>) '{data,transactionInfo}')
             OPERATOR(pg_catalog.=) 'object'
        THEN notification OPERATOR(pg_catalog.#>) '{data,transactionInfo}'
        WHEN pg_catalog.jsonb_typeof(notification OPERATOR(pg_catalog.#>) '{data,signedTransactionInfo}')
             OPERATOR(pg_catalog.=) 'object'
        THEN notification OPERATOR(pg_catalog.#>) '{data,signedTransactionInfo}'
        ELSE mrcall_internal.jws_payload(notification OPERATOR(pg_catalog.#>>) '{data,signedTransactionInfo}')::pg_catalog.jsonb
    END
$$;
COMMENT ON FUNCTION mrcall_internal.apple_transaction(jsonb) IS
    'The transaction of an App Store server notification, decoded where it is still signed';

-- In the C collation, because a Turkish one has another upper case of i.
CREATE FUNCTION mrcall_internal.currency_code(currency text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ SELECT pg_catalog.upper(currency COLLATE pg_catalog."C") COLLATE pg_catalog."default" $$;
COMMENT ON FUNCTION mrcall_internal.currency_code(text) IS 'A currency as ISO 4217 writes it, in upper case';

-- Digits after the point of a currency's minor unit, as payment providers write amounts: ISO 4217, but ISK and UGX, which
-- have none there, are written with two.
CREATE FUNCTION mrcall.currency_exponent(currency text)
RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2
AS $$
    SELECT CASE
        WHEN mrcall_internal.currency_code(currency) OPERATOR(pg_catalog.=) ANY (
            '{BIF,CLP,DJF,GNF,JPY,KMF,KRW,MGA,PYG,RWF,VND,VUV,XAF,XOF,XPF}'::pg_catalog.text[]) THEN 0
        WHEN mrcall_internal.currency_code(currency) OPERATOR(pg_catalog.=) ANY (
            '{BHD,JOD,KWD,OMR,TND}'::pg_catalog.text[]) THEN 3
        ELSE 2 END
$$;
COMMENT ON FUNCTION mrcall.currency_exponent(text) IS
    'Digits of a currency''s minor unit in payment providers'' documents: 0, 2 or 3';

-- Minor units in a currency's own unit; two digits where the currency is not known.
CREATE FUNCTION mrcall_internal.major_units(minor_units numeric, currency text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
AS $$
    SELECT CASE
        WHEN COALESCE(mrcall.currency_exponent(currency), 2) OPERATOR(pg_catalog.=) 2
            THEN pg_catalog.round(minor_units OPERATOR(pg_catalog.*) 0.01, 2)
        WHEN mrcall.currency_exponent(currency) OPERATOR(pg_catalog.=) 0 THEN pg_catalog.round(minor_units, 0)
        ELSE pg_catalog.round(minor_units OPERATOR(pg_catalog.*) 0.001, 3) END
$$;
COMMENT ON FUNCTION mrcall_internal.major_units(numeric, text) IS 'An amount of minor units in the currency''s own unit';

CREATE FUNCTION mrcall_internal.money_scale(value numeric, currency text)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
AS $$ SELECT GREATEST(pg_catalog.scale(value), COALESCE(mrcall.currency_exponent(currency), 0)) $$;
COMMENT ON FUNCTION mrcall_internal.money_scale(numeric, text) IS
    'The digits after the point that shares of an amount are rounded to';

-- The browsers that a customer's document names, in order of first linking, without repetition.
CREATE FUNCTION mrcall_internal.website_session_ids(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'website_session_ids_wrapper';
COMMENT ON FUNCTION mrcall_internal.website_session_ids(jsonb) IS
    'The browsers that a customer''s document names, in order of first linking';

CREATE FUNCTION mrcall.version()
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'version_wrapper';
COMMENT ON FUNCTION mrcall.version() IS 'The version of the loaded library';

CREATE FUNCTION mrcall_internal.longest_call()
RETURNS int
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'longest_call_wrapper';
COMMENT ON FUNCTION mrcall_internal.longest_call() IS 'The setting mrcall.longest_call in seconds';
