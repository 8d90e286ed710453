-- mrcall.link_visitor: what the sign-up flow calls with the id that the website keeps in the browser.

CREATE FUNCTION mrcall_internal.linked_document(document jsonb, website_session_id text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(document, 'null'::jsonb), '{}'::jsonb)
        || jsonb_build_object('website_session_id', website_session_id, 'website_session_ids', to_jsonb(
            CASE WHEN website_session_id = ANY (ids.known) THEN ids.known ELSE ids.known || website_session_id END))
    FROM (SELECT coalesce(mrcall_internal.website_session_ids(document), '{}'::text[]) AS known) AS ids
$$;
COMMENT ON FUNCTION mrcall_internal.linked_document(jsonb, text) IS 'A customer''s document with one more browser';

CREATE FUNCTION mrcall.link_visitor(customer_id text, website_session_id text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    src record;
    found_type text;
BEGIN
    IF customer_id IS NULL OR website_session_id IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL',
            CASE WHEN customer_id IS NULL THEN 'customer_id' ELSE 'website_session_id' END
            USING ERRCODE = '22004',
            HINT = 'Example: SELECT mrcall.link_visitor(''customer id'', ''mrcall_sid of the browser'');';
    END IF;
    IF website_session_id !~ '^[A-Za-z0-9._-]{8,128}$' THEN
        RAISE EXCEPTION 'malformed website_session_id "%"', left(website_session_id, 200)
            USING ERRCODE = '22023', HINT = 'An id has 8 to 128 characters of A-Z, a-z, 0-9, dot, underscore and hyphen.';
    END IF;
    PERFORM mrcall_internal.require_attached();
    SELECT s.relation::regclass AS relation, k.attname AS key_column, k.atttypid AS key_type, d.attname AS document_column
    INTO src
    FROM mrcall.source AS s
    LEFT JOIN pg_attribute AS k
        ON k.attrelid = to_regclass(s.relation) AND k.attname = s.key_expression AND k.attnum > 0 AND NOT k.attisdropped
    LEFT JOIN pg_attribute AS d
        ON d.attrelid = to_regclass(s.relation) AND d.attname = s.columns ->> 'document' AND d.attnum > 0
            AND NOT d.attisdropped AND d.atttypid = 'jsonb'::regtype
    WHERE s.logical_table = 'customers';
    IF src.key_column IS NULL OR src.document_column IS NULL THEN
        RAISE EXCEPTION 'customers cannot be written: % is mapped to an expression',
            CASE WHEN src.key_column IS NULL THEN 'customer_id' ELSE 'document' END
            USING ERRCODE = '55000', HINT = 'Map customer_id to the table''s key column and document to its jsonb column: '
                'SELECT mrcall.attach(''{"customers": {"columns": {"customer_id": "id", "document": "document"}}}'');';
    END IF;
    -- One statement that computes the document from the row it changes: two links at once both stay.
    BEGIN
        EXECUTE format('UPDATE %1$s AS t SET %2$I = mrcall_internal.linked_document(t.%2$I, $2) '
                       'WHERE t.%3$I = $1::%4$s AND coalesce(jsonb_typeof(t.%2$I), ''null'') IN (''object'', ''null'') '
                       'AND mrcall_internal.linked_document(t.%2$I, $2) IS DISTINCT FROM t.%2$I',
                       src.relation, src.document_column, src.key_column, format_type(src.key_type, -1))
        USING customer_id, website_session_id;
        EXECUTE format('SELECT max(coalesce(jsonb_typeof(t.%2$I), ''null'')) FROM %1$s AS t WHERE t.%3$I = $1::%4$s',
                       src.relation, src.document_column, src.key_column, format_type(src.key_type, -1))
        INTO found_type USING customer_id;
    EXCEPTION WHEN invalid_text_representation OR numeric_value_out_of_range THEN
        found_type := NULL; -- No key of the column's type: no such customer.
    END;
    IF found_type IS NULL THEN
        RAISE EXCEPTION 'customer "%" does not exist', left(customer_id, 200)
            USING ERRCODE = 'P0002', HINT = 'Create the customer first, then link its browser.';
    END IF;
    IF found_type <> 'object' THEN
        RAISE EXCEPTION 'the document of customer "%" is a JSON %, not an object', left(customer_id, 200), found_type
            USING ERRCODE = '55000', HINT = 'Make it an object first: a link is a key of it.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall.link_visitor(text, text) IS
    'Links a browser to a customer: writes document.website_session_id and website_session_ids; idempotent';
