-- The logical tables and their columns, and what a mapping makes of them. See docs/sources.md.

CREATE FUNCTION mrcall_internal.source_tables()
RETURNS TABLE (logical_table text, relation text, purpose text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 15
AS 'MODULE_PATHNAME', 'source_tables_wrapper';
COMMENT ON FUNCTION mrcall_internal.source_tables() IS 'The logical tables and the reference schema''s tables for them';

CREATE FUNCTION mrcall_internal.source_columns()
RETURNS TABLE (logical_table text, ordinal int, name text, type text, is_key boolean, expression text, what text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 90
AS 'MODULE_PATHNAME', 'source_columns_wrapper';
COMMENT ON FUNCTION mrcall_internal.source_columns() IS
    'The columns of the logical tables, where the reference schema has them, and what they mean';

-- Errors: 22023 or 22P02 for a mapping that is not of the documented form, with the offending key; 22004.
CREATE FUNCTION mrcall_internal.mapping_paths(mapping text)
RETURNS TABLE (logical_table text, name text, path text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1
AS 'MODULE_PATHNAME', 'mapping_paths_wrapper';
COMMENT ON FUNCTION mrcall_internal.mapping_paths(text) IS 'The JSONPaths of a mapping, which only the server can check';

CREATE FUNCTION mrcall_internal.mapped_tables(mapping text)
RETURNS TABLE (logical_table text, relation text, part int, is_spread boolean)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 15
AS 'MODULE_PATHNAME', 'mapped_tables_wrapper';
COMMENT ON FUNCTION mrcall_internal.mapped_tables(text) IS
    'The logical tables and the physical tables that a mapping gives them; is_spread: as an array';

-- physical: the columns of the physical tables, {"logical table": {"name": {"quoted": ..., "is_document": ...}}}.
-- part: the number of the physical table among those of its logical table, from 1.
-- source: the text or field of the mapping or the default. expression: what it means; sql: the same with a column's name quoted.
-- said: what a document says there, as text; is_shape: whether that is an object or array where a text is wanted.
CREATE FUNCTION mrcall_internal.compiled_mapping(mapping text, physical text, part int)
RETURNS TABLE (logical_table text, relation text, ordinal int, name text, type text, is_key boolean, source text, expression text,
               sql text, said text, is_shape text, state text, problem text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 90
AS 'MODULE_PATHNAME', 'compiled_mapping_wrapper';
COMMENT ON FUNCTION mrcall_internal.compiled_mapping(text, text, int) IS
    'The SQL of each logical column: a mapping with the reference schema''s defaults filled in';

CREATE FUNCTION mrcall_internal.cast_expression(expression text, from_type text, to_type text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'cast_expression_wrapper';
COMMENT ON FUNCTION mrcall_internal.cast_expression(text, text, text) IS
    'How a value of a source becomes a column of its fixed type; NULL where it cannot';

CREATE FUNCTION mrcall_internal.source_problem(resolved text, role text)
RETURNS TABLE (code text, message text, detail text, hint text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1
AS 'MODULE_PATHNAME', 'source_problem_wrapper';
COMMENT ON FUNCTION mrcall_internal.source_problem(text, text) IS
    'The error for source tables and columns that are missing, with all of them and what mends it; no row where none is';

CREATE FUNCTION mrcall_internal.base_type(type oid)
RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE domain (oid, base) AS (
        SELECT t.oid, t.typbasetype FROM pg_type AS t WHERE t.oid = type
        UNION ALL
        SELECT t.oid, t.typbasetype FROM domain AS d JOIN pg_type AS t ON t.oid = d.base
    )
    SELECT d.oid FROM domain AS d WHERE d.base = 0
$$;
COMMENT ON FUNCTION mrcall_internal.base_type(oid) IS 'The type below a domain, or the type itself';
