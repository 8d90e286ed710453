-- Fields of JSONB documents: what the expressions of a mapping call. See docs/sources.md.

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
AS $$
    SELECT CASE WHEN pg_catalog.pg_column_compression(document) IS NULL THEN document ELSE mrcall_internal.unpacked(document) END
$$;
COMMENT ON FUNCTION mrcall_internal.document(jsonb) IS 'A document whose fields are about to be read';

CREATE FUNCTION mrcall_internal.field(document jsonb, path text[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'field_wrapper';
COMMENT ON FUNCTION mrcall_internal.field(jsonb, text[]) IS 'What a document says at a path, as #>>, read where it lies';

CREATE FUNCTION mrcall_internal.text_items(document jsonb)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'text_items_wrapper';
COMMENT ON FUNCTION mrcall_internal.text_items(jsonb) IS
    'The elements of an array as texts, as jsonb_array_elements_text; NULL for what is no array';

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

-- The same for tables of other servers. A path of type text[] brings a collation that no column of the table has, so postgres_fdw would not
-- ask the other server for the field, but for the document. bytea[] brings none, and its elements lie in it as those of text[].
CREATE FUNCTION mrcall_internal.far_field(document jsonb, path bytea[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'field_wrapper';
COMMENT ON FUNCTION mrcall_internal.far_field(jsonb, bytea[]) IS 'As field, for a table of another server';

CREATE FUNCTION mrcall_internal.far_field_timestamptz(document jsonb, path bytea[])
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'field_timestamptz_wrapper';
COMMENT ON FUNCTION mrcall_internal.far_field_timestamptz(jsonb, bytea[]) IS 'As field_timestamptz, for a table of another server';

CREATE FUNCTION mrcall_internal.far_field_boolean(document jsonb, path bytea[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'field_boolean_wrapper';
COMMENT ON FUNCTION mrcall_internal.far_field_boolean(jsonb, bytea[]) IS 'As field_boolean, for a table of another server';
