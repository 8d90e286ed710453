CREATE FUNCTION mrcall_internal.{state}_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST {combine_cost}
AS 'MODULE_PATHNAME', '{state}_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.{state}_combine(internal, internal) IS 'Combine of {aggregate}';

CREATE FUNCTION mrcall_internal.{state}_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST {serialize_cost}
AS 'MODULE_PATHNAME', '{state}_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.{state}_serialize(internal) IS 'Serialize of {aggregate}';

CREATE FUNCTION mrcall_internal.{state}_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '{state}_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.{state}_deserialize(bytea, internal) IS 'Deserialize of {aggregate}';
