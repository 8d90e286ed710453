-- Fields of JSONB documents: what a mapping says of them, checked and made into expressions. See docs/sources.md.

CREATE FUNCTION mrcall_internal.unpacked(document jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'unpacked_wrapper';
COMMENT ON FUNCTION mrcall_internal.unpacked(jsonb) IS
    'The same document, decompressed and fetched once for all the calls that a row makes with it';

-- Inlined: a document that stands in its row as it is costs one look at its header. STABLE, as that look is, or it would not be.
CREATE FUNCTION mrcall_internal.document(document jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 5
AS $$ SELECT CASE WHEN pg_catalog.pg_column_compression(document) IS NULL THEN document ELSE mrcall_internal.unpacked(document) END $$;
COMMENT ON FUNCTION mrcall_internal.document(jsonb) IS 'A document whose fields are about to be read';

CREATE FUNCTION mrcall_internal.field(document jsonb, path text[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'field_wrapper';
COMMENT ON FUNCTION mrcall_internal.field(jsonb, text[]) IS 'What a document says at a path, as #>>, read where it lies';

CREATE FUNCTION mrcall_internal.field_timestamptz(document jsonb, path text[])
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'field_timestamptz_wrapper';
COMMENT ON FUNCTION mrcall_internal.field_timestamptz(jsonb, text[]) IS 'try_timestamptz of what a document says at a path';

CREATE FUNCTION mrcall_internal.field_boolean(document jsonb, path text[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'field_boolean_wrapper';
COMMENT ON FUNCTION mrcall_internal.field_boolean(jsonb, text[]) IS 'try_boolean of what a document says at a path';

CREATE FUNCTION mrcall_internal.seconds(value text)
RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
AS $$
    SELECT CASE WHEN pg_catalog.abs(mrcall.try_numeric(value)) OPERATOR(pg_catalog.<=) 100000000000::pg_catalog.numeric
                THEN pg_catalog.make_interval(0, 0, 0, 0, 0, 0, mrcall.try_numeric(value)::pg_catalog.float8) END
$$;
COMMENT ON FUNCTION mrcall_internal.seconds(text) IS 'A number of seconds, of 3,000 years at most; NULL when the text is none';

-- The keys of a JSONPath that only goes down: $.result.code, $."odd key"[0]. NULL for a path that does more.
CREATE FUNCTION mrcall_internal.path_keys(path text)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN path ~ '^\$(\.[A-Za-z_][A-Za-z0-9_]*|\."[^"\\]+"|\[\d{1,9}\])+$' THEN
        ARRAY(SELECT coalesce(m.parts[1], m.parts[2], m.parts[3])
              FROM regexp_matches(path, '\.([A-Za-z_][A-Za-z0-9_]*)|\."([^"\\]+)"|\[(\d+)\]', 'g') WITH ORDINALITY AS m (parts, nr)
              ORDER BY m.nr) END
$$;
COMMENT ON FUNCTION mrcall_internal.path_keys(text) IS 'The keys of a JSONPath that only goes down';

-- The places of a field in the order in which they are tried, each {"path", "in", "type", "map"} or {"constant", "type"}.
CREATE FUNCTION mrcall_internal.field_places(spec jsonb)
RETURNS TABLE (nr bigint, place jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.nr,
           CASE WHEN jsonb_typeof(e.entry) <> 'object' THEN inherited.keys || jsonb_build_object('path', e.entry)
                WHEN e.entry ? 'constant' THEN inherited.keys - 'in' - 'map' || e.entry
                ELSE inherited.keys || e.entry END
    FROM (SELECT CASE WHEN jsonb_typeof(spec) = 'object' THEN spec - 'path' - 'constant' - 'fallback' ELSE '{}' END) AS inherited (keys)
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE WHEN jsonb_typeof(spec) = 'array' THEN spec
             WHEN jsonb_typeof(spec -> 'fallback') = 'array' THEN jsonb_build_array(spec - 'fallback') || (spec -> 'fallback')
             WHEN spec ? 'fallback' THEN jsonb_build_array(spec - 'fallback', spec -> 'fallback')
             ELSE jsonb_build_array(spec) END) WITH ORDINALITY AS e (entry, nr)
$$;
COMMENT ON FUNCTION mrcall_internal.field_places(jsonb) IS 'The places that a field of a mapping names, in order';

-- 22023 and 22P02 for a field that is not of the documented form.
CREATE FUNCTION mrcall_internal.check_field(logical_table text, name text, type text, spec jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    types text[] := '{text,timestamptz,boolean,int,numeric,jsonb,text[],unix-seconds,interval-seconds}';
    example text := format('Example: {"%s": {"columns": {"%s": {"path": "$.result.code", "in": "data", "fallback": ["$.code"]}}}}',
                           logical_table, name);
    field record;
    bad text;
    parses boolean;
BEGIN
    IF jsonb_typeof(spec) = 'array' AND jsonb_array_length(spec) = 0 OR jsonb_typeof(spec -> 'fallback') = 'null' THEN
        RAISE EXCEPTION 'the field "%" in the mapping of "%" names no place', name, logical_table
            USING ERRCODE = '22023', HINT = example;
    END IF;
    FOR field IN SELECT p.nr, p.place FROM mrcall_internal.field_places(spec) AS p ORDER BY p.nr LOOP
        SELECT k.key INTO bad FROM jsonb_object_keys(field.place) AS k (key)
        WHERE k.key NOT IN ('path', 'in', 'type', 'map', 'constant') LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'unknown key "%" in the field "%" in the mapping of "%"', bad, name, logical_table
                USING ERRCODE = '22023', HINT = 'Known keys are "path", "in", "type", "map", "fallback" and "constant".';
        END IF;
        IF (field.place ? 'path') = (field.place ? 'constant') THEN
            RAISE EXCEPTION 'place % of the field "%" in the mapping of "%" needs "path" or "constant", one of them',
                field.nr, name, logical_table USING ERRCODE = '22023', HINT = example;
        END IF;
        IF jsonb_typeof(field.place -> 'constant') NOT IN ('string', 'number', 'boolean') THEN
            RAISE EXCEPTION 'bad constant % in the field "%" in the mapping of "%"', field.place -> 'constant', name, logical_table
                USING ERRCODE = '22023', HINT = 'Give a text, a number, true or false.';
        END IF;
        IF jsonb_typeof(field.place -> 'path') = 'string' THEN
            IF mrcall_internal.path_keys(field.place ->> 'path') IS NULL THEN
                BEGIN
                    PERFORM (field.place ->> 'path')::jsonpath;
                EXCEPTION WHEN syntax_error OR data_exception THEN
                    RAISE EXCEPTION 'bad path "%" of the field "%" in the mapping of "%"', field.place ->> 'path', name, logical_table
                        USING ERRCODE = '22P02', DETAIL = sqlerrm || '.',
                        HINT = 'Give a JSONPath such as "$.result.code", or its keys: ["result", "code"].';
                END;
            END IF;
        ELSIF field.place ? 'path' THEN
            IF jsonb_typeof(field.place -> 'path') <> 'array' OR jsonb_array_length(field.place -> 'path') = 0
                OR jsonb_path_exists(field.place -> 'path', '$[*] ? (@.type() != "string" && @.type() != "number")') THEN
                RAISE EXCEPTION 'bad path % of the field "%" in the mapping of "%"', field.place -> 'path', name, logical_table
                    USING ERRCODE = '22023', HINT = 'Give a JSONPath such as "$.result.code", or its keys: ["result", "code"].';
            END IF;
        END IF;
        IF jsonb_typeof(coalesce(field.place -> 'in', '""')) <> 'string' THEN
            RAISE EXCEPTION 'bad document % of the field "%" in the mapping of "%"', field.place -> 'in', name, logical_table
                USING ERRCODE = '22023', HINT = 'Give the name of a JSONB column: "in": "data".';
        END IF;
        IF field.place ? 'type' AND (field.place ->> 'type' = ANY (types)) IS NOT TRUE THEN
            RAISE EXCEPTION 'unknown type % of the field "%" in the mapping of "%"', field.place -> 'type', name, logical_table
                USING ERRCODE = '22023', HINT = format('Use one of: %s.', array_to_string(types, ', '));
        END IF;
        IF field.place ? 'constant' THEN
            EXECUTE format('SELECT (%s) IS NOT NULL',
                           coalesce(mrcall_internal.cast_expression(quote_literal(field.place ->> 'constant') || '::pg_catalog.text',
                               'text', type),
                                    'NULL')) INTO parses;
            IF NOT parses THEN
                RAISE EXCEPTION 'constant % of the field "%" in the mapping of "%" is no %', field.place -> 'constant', name,
                    logical_table, type USING ERRCODE = '22P02', HINT = format('Give a value of type %s.', type);
            END IF;
        END IF;
        IF field.place ? 'map' AND (field.place ->> 'type' IN ('jsonb', 'text[]') OR type IN ('jsonb', 'text[]')
            OR jsonb_typeof(field.place -> 'map') <> 'object' OR field.place -> 'map' = '{}'
            OR jsonb_path_exists(field.place -> 'map', '$.* ? (@.type() == "null" || @.type() == "object" || @.type() == "array")')) THEN
            RAISE EXCEPTION 'bad map % of the field "%" in the mapping of "%"', field.place -> 'map', name, logical_table
                USING ERRCODE = '22023', HINT = 'Give texts for texts: "map": {"OK": "answered", "*": "missed"}.';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_field(text, text, text, jsonb) IS 'The errors of a field of a mapping that is none';

-- A field as SQL. documents: the expression of each JSONB column by name; started: the expression that intervals count from.
-- said: what the document says, as text; is_shape: whether it is an object or array where a text is wanted.
CREATE FUNCTION mrcall_internal.field_expression(spec jsonb, type text, documents jsonb, default_document text, started text)
RETURNS TABLE (expression text, said text, is_shape text, problem text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    WITH place AS (
        SELECT p.nr, p.place, p.place ? 'constant' AS is_constant, coalesce(p.place ->> 'type', $2) AS field_type,
               coalesce(p.place ->> 'in', $4) AS document_name, $3 ->> coalesce(p.place ->> 'in', $4) AS document,
               CASE jsonb_typeof(p.place -> 'path') WHEN 'string' THEN mrcall_internal.path_keys(p.place ->> 'path')
                    WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(p.place -> 'path')) END AS keys
        FROM mrcall_internal.field_places($1) AS p
    ),
    found AS (
        SELECT p.*,
               CASE WHEN p.is_constant THEN format('%L::pg_catalog.text', p.place ->> 'constant')
                    WHEN p.keys IS NULL
                    THEN format('(pg_catalog.jsonb_path_query_first(mrcall_internal.document(%s), %L, ''{}'', true) #>> ''{}'')',
                                p.document, p.place ->> 'path')
                    ELSE format('mrcall_internal.field(%s, %L)', p.document, p.keys) END AS raw,
               CASE WHEN p.is_constant THEN format('%L::pg_catalog.jsonb', p.place -> 'constant')
                    WHEN p.keys IS NULL THEN format('pg_catalog.%s(mrcall_internal.document(%s), %L, ''{}'', true)',
                        CASE $2 WHEN 'text[]' THEN 'jsonb_path_query_array' ELSE 'jsonb_path_query_first' END, p.document,
                        p.place ->> 'path')
                    ELSE format('(mrcall_internal.document(%s) #> %L)', p.document, p.keys) END AS json
        FROM place AS p
    ),
    mapped AS (
        SELECT f.*,
               CASE WHEN f.place ? 'map' THEN
                   (SELECT format('CASE WHEN %1$s IS NULL THEN NULL%2$s ELSE %3$s END', f.raw,
                                  string_agg(format(' WHEN %s = %L THEN %L', f.raw, m.key, m.value), '' ORDER BY m.key)
                                      FILTER (WHERE m.key <> '*'),
                                  coalesce(max(quote_literal(m.value)) FILTER (WHERE m.key = '*'), f.raw))
                    FROM jsonb_each_text(f.place -> 'map') AS m)
                    ELSE f.raw END AS value
        FROM found AS f
    ),
    typed AS (
        SELECT m.*,
               CASE WHEN m.field_type = 'unix-seconds' THEN CASE WHEN $2 = 'timestamptz'
                        THEN format('(''epoch''::pg_catalog.timestamptz + mrcall_internal.seconds(%s))', m.value) END
                    WHEN m.field_type = 'interval-seconds' THEN CASE WHEN $2 = 'timestamptz' AND $5 IS NOT NULL
                        THEN format('((%s) + mrcall_internal.seconds(%s))', $5, m.value) END
                    WHEN $2 = 'jsonb' OR m.field_type = 'jsonb' THEN CASE WHEN $2 = m.field_type THEN m.json END
                    WHEN $2 = 'text[]' OR m.field_type = 'text[]' THEN CASE WHEN $2 = m.field_type
                        THEN format('CASE WHEN pg_catalog.jsonb_typeof(%1$s) = ''array'' '
                                    'THEN ARRAY(SELECT pg_catalog.jsonb_array_elements_text(%1$s)) END', m.json) END
                    WHEN $2 IN ('timestamptz', 'boolean') AND m.field_type IN ('text', $2) AND m.keys IS NOT NULL
                        AND NOT m.place ? 'map' THEN format('mrcall_internal.field_%s(%s, %L)', $2, m.document, m.keys)
                    WHEN m.field_type IN ('text', $2) THEN mrcall_internal.cast_expression(m.value, 'text', $2)
                    ELSE mrcall_internal.cast_expression(mrcall_internal.cast_expression(m.value, 'text', m.field_type),
                        CASE m.field_type WHEN 'timestamptz' THEN 'timestamp with time zone' WHEN 'int' THEN 'integer'
                             ELSE m.field_type END, $2)
               END AS typed
        FROM mapped AS m
    )
    SELECT CASE WHEN count(*) = 1 THEN max(t.typed)
                ELSE format('CASE%s%s END',
                            string_agg(format(' WHEN %s IS NOT NULL THEN %s', t.raw, t.typed), '' ORDER BY t.nr)
                                FILTER (WHERE NOT t.is_constant),
                            (SELECT format(' ELSE %s', c.typed) FROM typed AS c WHERE c.is_constant ORDER BY c.nr LIMIT 1)) END,
           CASE WHEN count(*) FILTER (WHERE NOT t.is_constant) = 1 THEN max(t.raw) FILTER (WHERE NOT t.is_constant)
                ELSE 'COALESCE(' || string_agg(t.raw, ', ' ORDER BY t.nr) FILTER (WHERE NOT t.is_constant) || ')' END,
           CASE WHEN $2 = 'text' THEN
               'CASE' || string_agg(format(' WHEN %s IS NOT NULL THEN %s', t.raw,
                                           CASE WHEN t.place -> 'map' ? '*' THEN 'NULL'
                                                ELSE format('pg_catalog.jsonb_typeof(%s)', t.json) END),
                                    '' ORDER BY t.nr) FILTER (WHERE NOT t.is_constant)
               || ' END IN (''object'', ''array'')' END,
           coalesce(min(format('there is no JSONB column %s', coalesce(quote_ident(t.document_name), 'to read by default')))
                        FILTER (WHERE NOT t.is_constant AND t.document IS NULL),
                    min(format('a field of type %s makes no %s', t.field_type, $2)) FILTER (WHERE t.typed IS NULL))
    FROM typed AS t
$$;
COMMENT ON FUNCTION mrcall_internal.field_expression(jsonb, text, jsonb, text, text) IS 'The SQL that a field of a mapping becomes';
