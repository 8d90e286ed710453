-- Paths with their conversions: path_agg, path_credit, path_models, path_transform. Definitions: docs/paths.md.

CREATE TYPE mrcall.path_set;

CREATE FUNCTION mrcall_internal.path_set_in(cstring)
RETURNS mrcall.path_set
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'path_set_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_set_in(cstring) IS 'Text input of path_set: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.path_set_out(mrcall.path_set)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_set_out(mrcall.path_set) IS 'Text output of path_set';

CREATE FUNCTION mrcall_internal.path_set_recv(internal)
RETURNS mrcall.path_set
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'path_set_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_set_recv(internal) IS 'Binary input of path_set';

CREATE FUNCTION mrcall_internal.path_set_send(mrcall.path_set)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.path_set_send(mrcall.path_set) IS 'Binary output of path_set';

CREATE TYPE mrcall.path_set (
    INPUT = mrcall_internal.path_set_in,
    OUTPUT = mrcall_internal.path_set_out,
    RECEIVE = mrcall_internal.path_set_recv,
    SEND = mrcall_internal.path_set_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.path_set IS 'Paths to conversions: mergeable by mrcall.rollup, the same bytes for the same rows';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.path_set_eq(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.path_set_eq(mrcall.path_set, mrcall.path_set) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.path_set_ne(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.path_set_ne(mrcall.path_set, mrcall.path_set) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.path_set_lt(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.path_set_lt(mrcall.path_set, mrcall.path_set) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.path_set_le(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.path_set_le(mrcall.path_set, mrcall.path_set) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.path_set_gt(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.path_set_gt(mrcall.path_set, mrcall.path_set) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.path_set_ge(mrcall.path_set, mrcall.path_set) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.path_set_ge(mrcall.path_set, mrcall.path_set) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.path_set_cmp(mrcall.path_set, mrcall.path_set) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.path_set_cmp(mrcall.path_set, mrcall.path_set) IS 'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.path_set_hash(mrcall.path_set) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.path_set_hash(mrcall.path_set) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.path_set_hash(mrcall.path_set, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.path_set_hash(mrcall.path_set, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.path_set, mrcall.path_set) IS 'The same rows';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.path_set, mrcall.path_set) IS 'Other rows';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.path_set, mrcall.path_set) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.path_set, mrcall.path_set) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.path_set, mrcall.path_set) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.path_set, RIGHTARG = mrcall.path_set, FUNCTION = mrcall_internal.path_set_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.path_set, mrcall.path_set) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.path_set_ops DEFAULT FOR TYPE mrcall.path_set USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.path_set_cmp(mrcall.path_set, mrcall.path_set);
COMMENT ON OPERATOR FAMILY mrcall.path_set_ops USING btree IS 'Order of path_set';
COMMENT ON OPERATOR CLASS mrcall.path_set_ops USING btree IS 'Order of path_set; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.path_set_hash_ops DEFAULT FOR TYPE mrcall.path_set USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.path_set_hash(mrcall.path_set),
    FUNCTION 2 mrcall_internal.path_set_hash(mrcall.path_set, bigint);
COMMENT ON OPERATOR FAMILY mrcall.path_set_hash_ops USING hash IS 'Equality of path_set';
COMMENT ON OPERATOR CLASS mrcall.path_set_hash_ops USING hash IS 'Equality of path_set';

CREATE FUNCTION mrcall_internal.path_agg_trans(internal, path text[], conversions bigint, value numeric, nulls bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'path_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_trans(internal, text[], bigint, numeric, bigint) IS 'Transition of path_agg';

CREATE FUNCTION mrcall_internal.path_agg_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'path_agg_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_combine(internal, internal) IS 'Combine of path_agg';

CREATE FUNCTION mrcall_internal.path_agg_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'path_agg_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_serialize(internal) IS 'Serialize of path_agg';

CREATE FUNCTION mrcall_internal.path_agg_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'path_agg_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_deserialize(bytea, internal) IS 'Deserialize of path_agg';

CREATE FUNCTION mrcall_internal.path_agg_final(internal)
RETURNS mrcall.path_set
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'path_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_final(internal) IS 'Final function of path_agg';

CREATE FUNCTION mrcall_internal.path_rollup_trans(internal, mrcall.path_set)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'path_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_rollup_trans(internal, mrcall.path_set) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.path_agg(path text[], conversions bigint, value numeric, nulls bigint) (
    SFUNC = mrcall_internal.path_agg_trans,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = mrcall_internal.path_agg_final,
    COMBINEFUNC = mrcall_internal.path_agg_combine,
    SERIALFUNC = mrcall_internal.path_agg_serialize,
    DESERIALFUNC = mrcall_internal.path_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.path_agg(text[], bigint, numeric, bigint) IS
    'Paths to conversions: for each path its conversions, their value, and the journeys that did not convert';

CREATE AGGREGATE mrcall.rollup(mrcall.path_set) (
    SFUNC = mrcall_internal.path_rollup_trans,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = mrcall_internal.path_agg_final,
    COMBINEFUNC = mrcall_internal.path_agg_combine,
    SERIALFUNC = mrcall_internal.path_agg_serialize,
    DESERIALFUNC = mrcall_internal.path_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.path_set) IS 'Merges stored path sets: what path_agg over all of their rows gives';

CREATE FUNCTION mrcall.paths(paths mrcall.path_set)
RETURNS TABLE (path text[], conversions bigint, value numeric, nulls bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 1000
AS 'MODULE_PATHNAME', 'paths_wrapper';
COMMENT ON FUNCTION mrcall.paths(mrcall.path_set) IS 'The paths of a set in order of their channels'' bytes';

CREATE FUNCTION mrcall.num_paths(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_paths_wrapper';
COMMENT ON FUNCTION mrcall.num_paths(mrcall.path_set) IS 'How many different paths';

CREATE FUNCTION mrcall.num_conversions(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_conversions_wrapper';
COMMENT ON FUNCTION mrcall.num_conversions(mrcall.path_set) IS 'The conversions of all paths';

CREATE FUNCTION mrcall.num_nulls(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_nulls_wrapper';
COMMENT ON FUNCTION mrcall.num_nulls(mrcall.path_set) IS 'The journeys of all paths that did not convert';

CREATE FUNCTION mrcall.total_value(paths mrcall.path_set)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'total_value_wrapper';
COMMENT ON FUNCTION mrcall.total_value(mrcall.path_set) IS 'The value of all paths, exact';

CREATE FUNCTION mrcall.path_credit(
    paths mrcall.path_set, model text, first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4,
    weights float8[] DEFAULT NULL)
RETURNS TABLE (channel text, conversions float8, value float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'path_credit_wrapper';
COMMENT ON FUNCTION mrcall.path_credit(mrcall.path_set, text, float8, float8, float8[]) IS
    'What each channel earns under a model that needs no times';

CREATE FUNCTION mrcall.path_models(
    paths mrcall.path_set, first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, weights float8[] DEFAULT NULL)
RETURNS TABLE (
    channel text, first_touch_conversions float8, first_touch_value float8, last_touch_conversions float8,
    last_touch_value float8, last_non_direct_conversions float8, last_non_direct_value float8,
    last_paid_conversions float8, last_paid_value float8, linear_conversions float8, linear_value float8,
    position_based_conversions float8, position_based_value float8, u_shaped_conversions float8, u_shaped_value float8,
    j_shaped_conversions float8, j_shaped_value float8, inverse_j_conversions float8, inverse_j_value float8,
    participation_conversions float8, participation_value float8, custom_conversions float8, custom_value float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 2000 ROWS 20
AS 'MODULE_PATHNAME', 'path_models_wrapper';
COMMENT ON FUNCTION mrcall.path_models(mrcall.path_set, float8, float8, float8[]) IS
    'What each channel earns under every model that needs no times, side by side: the set is read once';

CREATE FUNCTION mrcall.path_transform(path text[], transform text, argument text DEFAULT NULL)
RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'path_transform_wrapper';
COMMENT ON FUNCTION mrcall.path_transform(text[], text, text) IS
    'A path collapsed, shortened or without a channel: exposure, unique, first, frequency, trim, remove_if_…';
