-- mrcall.link_visitor and mrcall.unlink_visitor: the browsers of a customer. Definitions: docs/sources.md.
-- The functions that write carry no SET clause: the triggers, policies, domains and defaults of the application run within their
-- statements and see the caller's search_path. What they do beside that is done by functions that pin it.

-- The id comes from a browser: without an end, a script that signs in again and again makes a document that nobody can read.
CREATE FUNCTION mrcall_internal.max_links()
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 1000 $$;
COMMENT ON FUNCTION mrcall_internal.max_links() IS 'How many browsers a customer can have by link_visitor';

-- linked: nothing is to be done; open: a link can be written; full; or the type of a document that holds no link.
CREATE FUNCTION mrcall_internal.link_state(document jsonb, website_session_id text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN coalesce(jsonb_typeof(document), 'null') NOT IN ('object', 'null') THEN jsonb_typeof(document)
        WHEN document @> jsonb_build_object('website_session_id', website_session_id,
                                            'website_session_ids', jsonb_build_array(website_session_id)) THEN 'linked'
        WHEN (SELECT website_session_id <> ALL (k.known) AND cardinality(k.known) >= mrcall_internal.max_links()
              FROM (SELECT mrcall_internal.website_session_ids(document) AS known OFFSET 0) AS k) THEN 'full'
        ELSE 'open' END
$$;
COMMENT ON FUNCTION mrcall_internal.link_state(jsonb, text) IS 'What link_visitor finds in a customer''s document';

CREATE FUNCTION mrcall_internal.linked_document(document jsonb, website_session_id text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(document, 'null'::jsonb), '{}'::jsonb)
        || jsonb_build_object('website_session_id', website_session_id, 'website_session_ids', to_jsonb(
            CASE WHEN website_session_id = ANY (ids.known) THEN ids.known ELSE ids.known || website_session_id END))
    -- The ids are looked for once.
    FROM (SELECT coalesce(mrcall_internal.website_session_ids(document), '{}'::text[]) AS known OFFSET 0) AS ids
$$;
COMMENT ON FUNCTION mrcall_internal.linked_document(jsonb, text) IS 'A customer''s document with one more browser';

-- As link_state: linked, where there is something to do, or open.
CREATE FUNCTION mrcall_internal.unlink_state(document jsonb, website_session_id text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(document) = 'object' AND website_session_id = ANY (mrcall_internal.website_session_ids(document))
                THEN 'linked' ELSE 'open' END
$$;
COMMENT ON FUNCTION mrcall_internal.unlink_state(jsonb, text) IS 'What unlink_visitor finds in a customer''s document';

-- The browser seen last stays if it is another one; else it is the one that was linked last. Without a browser both keys go.
CREATE FUNCTION mrcall_internal.unlinked_document(document jsonb, website_session_id text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN ids.others = '{}' THEN document - '{website_session_id,website_session_ids}'::text[]
        ELSE document || jsonb_build_object('website_session_ids', to_jsonb(ids.others), 'website_session_id',
            CASE WHEN jsonb_typeof(document -> 'website_session_id') = 'string'
                      AND document ->> 'website_session_id' = ANY (ids.others) THEN document ->> 'website_session_id'
                 ELSE ids.others[cardinality(ids.others)] END) END
    FROM (SELECT array_remove(mrcall_internal.website_session_ids(document), website_session_id) AS others OFFSET 0) AS ids
$$;
COMMENT ON FUNCTION mrcall_internal.unlinked_document(jsonb, text) IS 'A customer''s document with one browser less';

CREATE FUNCTION mrcall_internal.link_argument_fault(customer_id text, website_session_id text, verb text)
RETURNS TABLE (code text, message text, hint text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.code, f.message, f.hint
    FROM (
        VALUES (1, customer_id IS NULL OR website_session_id IS NULL, '22004',
                format('argument "%s" must not be NULL',
                       CASE WHEN customer_id IS NULL THEN 'customer_id' ELSE 'website_session_id' END),
                format('Example: SELECT mrcall.%s(''customer id'', ''mrcall_sid of the browser'');', verb)),
               -- What was written by others goes whatever it is.
               (2, CASE verb WHEN 'link_visitor' THEN website_session_id !~ '^[A-Za-z0-9._-]{8,128}$' ELSE website_session_id = '' END,
                '22023', format('malformed website_session_id "%s"', left(website_session_id, 200)),
                CASE verb WHEN 'link_visitor' THEN 'An id has 8 to 128 characters of A-Z, a-z, 0-9, dot, underscore and hyphen.'
                     ELSE 'Give the id as it stands in the customer''s document.' END)
    ) AS f (nr, is_so, code, message, hint)
    WHERE f.is_so
    ORDER BY f.nr
    LIMIT 1
$$;
COMMENT ON FUNCTION mrcall_internal.link_argument_fault(text, text, text) IS 'What is wrong with the arguments of link_visitor';

CREATE FUNCTION mrcall_internal.unknown_customer_hint(verb text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE verb WHEN 'link_visitor' THEN 'Create the customer first, then link its browser.'
                     ELSE 'Give the id as it stands in the table of customers.' END
$$;
COMMENT ON FUNCTION mrcall_internal.unknown_customer_hint(text) IS 'What helps where a customer does not exist';

-- Whether a text is a value of a type.
CREATE FUNCTION mrcall_internal.is_of_type(value text, type regtype)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('SELECT $1::%s', format_type(type, -1)) USING value;
    RETURN true;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION mrcall_internal.is_of_type(text, regtype) IS 'Whether a text is a value of a type, by the type''s own input';

-- The statements of link_visitor and unlink_visitor over the table of customers, with $1 the customer and $2 the browser: read says
-- in which states the rows are, write changes those that are in the state given. Or why there are none.
CREATE FUNCTION mrcall_internal.customer_statements(
    verb text, customer_id text, website_session_id text, OUT code text, OUT message text, OUT hint text, OUT read text, OUT write text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_link constant boolean := verb = 'link_visitor';
    src record;
    foreign_table regclass;
    rows_of_customer text;
    state text;
BEGIN
    SELECT f.code, f.message, f.hint INTO code, message, hint
    FROM mrcall_internal.link_argument_fault(customer_id, website_session_id, verb) AS f;
    IF code IS NOT NULL THEN
        RETURN;
    END IF;
    IF to_regclass('mrcall.events') IS NULL OR to_regclass('mrcall.conversions') IS NULL THEN
        code := '42P01';
        message := 'mrcall_ext is not attached to the tables of this database';
        hint := 'Run: SELECT mrcall.attach();';
        RETURN;
    END IF;
    SELECT s.relation::regclass AS relation, k.attname AS key_column, kt.oid AS key_type, d.attname AS document_column,
           -- The equality of a type that is not the server's own is found beside it.
           coalesce((SELECT o.oprnamespace::regnamespace FROM pg_operator AS o
                     WHERE o.oprname = '=' AND o.oprleft = kt.oid AND o.oprright = kt.oid AND o.oprnamespace = kt.typnamespace),
                    'pg_catalog') AS operators
    INTO src
    FROM mrcall.source AS s
    LEFT JOIN pg_attribute AS k
        ON k.attrelid = to_regclass(s.relation) AND k.attname = s.key_expression AND k.attnum > 0 AND NOT k.attisdropped
    -- A domain is read and compared as the type below it, and its condition holds for what is written.
    LEFT JOIN pg_type AS kt ON kt.oid = mrcall_internal.base_type(k.atttypid)
    LEFT JOIN pg_attribute AS d
        ON d.attrelid = to_regclass(s.relation) AND d.attname = s.columns ->> 'document' AND d.attnum > 0
            AND NOT d.attisdropped AND mrcall_internal.base_type(d.atttypid) = 'jsonb'::regtype
    WHERE s.logical_table = 'customers';
    foreign_table := mrcall_internal.foreign_part(src.relation);
    IF foreign_table IS NOT NULL THEN
        code := '55000';
        message := format('%s cannot write to %s: %s', verb, src.relation,
                          CASE WHEN foreign_table = src.relation THEN 'it is a foreign table'
                               ELSE format('its part %s is a foreign table', foreign_table) END);
        hint := format('Run %s on the server that has the table itself.', verb);
        RETURN;
    END IF;
    IF (SELECT m.parts IS NOT NULL FROM mrcall.source AS m WHERE m.logical_table = 'customers') THEN
        code := '55000';
        message := format('%s cannot write to %s: its rows lie in several tables', verb, src.relation);
        hint := format('Attach one table, and run %s.', verb);
        RETURN;
    END IF;
    IF src.key_column IS NULL OR src.document_column IS NULL THEN
        code := '55000';
        message := format('customers cannot be written: %s is mapped to an expression',
                          CASE WHEN src.key_column IS NULL THEN 'customer_id' ELSE 'document' END);
        hint := 'Map customer_id to the table''s key column and document to its jsonb column: '
            'SELECT mrcall.attach(''{"customers": {"columns": {"customer_id": "id", "document": "document"}}}'');';
        RETURN;
    END IF;
    IF src.key_type NOT IN ('text'::regtype, 'varchar'::regtype)
       AND NOT mrcall_internal.is_of_type(customer_id, src.key_type::regtype) THEN
        code := 'P0002';
        message := format('customer "%s" does not exist', left(customer_id, 200));
        hint := mrcall_internal.unknown_customer_hint(verb);
        RETURN;
    END IF;
    rows_of_customer := format('t.%I OPERATOR(%s.=) $1::%s', src.key_column, src.operators, format_type(src.key_type, -1));
    state := format('mrcall_internal.%s(t.%I, $2)', CASE WHEN is_link THEN 'link_state' ELSE 'unlink_state' END,
                    src.document_column);
    read := format('SELECT pg_catalog.array_agg(DISTINCT %s) FROM %s AS t WHERE %s', state, src.relation, rows_of_customer);
    -- One statement that computes the document from the row it changes: of two links at once both stay.
    write := format('UPDATE %s AS t SET %I = mrcall_internal.%s(t.%I, $2) WHERE %s AND %s OPERATOR(pg_catalog.=) %L',
                    src.relation, src.document_column, CASE WHEN is_link THEN 'linked_document' ELSE 'unlinked_document' END,
                    src.document_column, rows_of_customer, state, CASE WHEN is_link THEN 'open' ELSE 'linked' END);
END
$$;
COMMENT ON FUNCTION mrcall_internal.customer_statements(text, text, text) IS
    'The statements of link_visitor and unlink_visitor, or why there are none';

-- Why a customer in whose rows those states were found cannot be changed; no row where it can.
CREATE FUNCTION mrcall_internal.link_fault(verb text, customer_id text, states text[])
RETURNS TABLE (code text, message text, hint text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.code, f.message, f.hint
    FROM (
        VALUES (1, states IS NULL, 'P0002', format('customer "%s" does not exist', left(customer_id, 200)),
                mrcall_internal.unknown_customer_hint(verb)),
               (2, states && '{array,string,number,boolean}', '55000',
                format('the document of customer "%s" is a JSON %s, not an object', left(customer_id, 200),
                       (SELECT max(s.state) FROM unnest(states) AS s (state) WHERE s.state NOT IN ('linked', 'open', 'full'))),
                'Make it an object first: a link is a key of it.'),
               (3, states && '{full}', '54000',
                format('customer "%s" has %s browsers already, and can have no more', left(customer_id, 200), mrcall_internal.max_links()),
                'Take back links that are no longer needed: SELECT mrcall.unlink_visitor(''customer id'', ''mrcall_sid'');')
    ) AS f (nr, is_so, code, message, hint)
    WHERE f.is_so
    ORDER BY f.nr
    LIMIT 1
$$;
COMMENT ON FUNCTION mrcall_internal.link_fault(text, text, text[]) IS 'Why a customer cannot be linked';

CREATE FUNCTION mrcall.link_visitor(customer_id text, website_session_id text)
RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    task record;
    fault record;
    states pg_catalog.text[];
    written pg_catalog.int8;
BEGIN
    SELECT s.* INTO task
    FROM mrcall_internal.customer_statements('link_visitor', link_visitor.customer_id, link_visitor.website_session_id) AS s;
    IF task.code IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = task.code, MESSAGE = task.message, HINT = task.hint;
    END IF;
    EXECUTE task.read INTO states USING customer_id, website_session_id;
    -- A browser that is linked already is the common case, at each login: no lock is taken.
    IF states OPERATOR(pg_catalog.=) ARRAY['linked'] THEN
        RETURN;
    END IF;
    EXECUTE task.write USING customer_id, website_session_id;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written OPERATOR(pg_catalog.=) 0 THEN
        -- Another session was faster, or nothing can be written.
        EXECUTE task.read INTO states USING customer_id, website_session_id;
    END IF;
    FOR fault IN SELECT f.* FROM mrcall_internal.link_fault('link_visitor', link_visitor.customer_id, states) AS f LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, HINT = fault.hint;
    END LOOP;
    IF written OPERATOR(pg_catalog.=) 0 AND states OPERATOR(pg_catalog.&&) ARRAY['open'] THEN
        RAISE WARNING 'the link of customer "%" was not written', pg_catalog.left(customer_id, 200)
            USING HINT = 'A trigger, a rule or a policy of the table keeps its rows as they are.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall.link_visitor(text, text) IS
    'Links a browser to a customer: writes document.website_session_id and website_session_ids; idempotent';

CREATE FUNCTION mrcall.unlink_visitor(customer_id text, website_session_id text)
RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    task record;
    fault record;
    states pg_catalog.text[];
BEGIN
    SELECT s.* INTO task
    FROM mrcall_internal.customer_statements('unlink_visitor', unlink_visitor.customer_id, unlink_visitor.website_session_id) AS s;
    IF task.code IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = task.code, MESSAGE = task.message, HINT = task.hint;
    END IF;
    EXECUTE task.write USING customer_id, website_session_id;
    EXECUTE task.read INTO states USING customer_id, website_session_id;
    FOR fault IN SELECT f.* FROM mrcall_internal.link_fault('unlink_visitor', unlink_visitor.customer_id, states) AS f LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, HINT = fault.hint;
    END LOOP;
    IF states OPERATOR(pg_catalog.&&) ARRAY['linked'] THEN
        RAISE WARNING 'the link of customer "%" was not taken back', pg_catalog.left(customer_id, 200)
            USING HINT = 'A trigger, a rule or a policy of the table keeps its rows as they are.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall.unlink_visitor(text, text) IS
    'Takes back the link of a browser to a customer: a shared device, a consent withdrawn; idempotent';
