-- Approximate, mergeable count of distinct values. Definitions: docs/distinct.md.

CREATE TYPE mrcall.distinct_state;

CREATE FUNCTION mrcall_internal.distinct_state_in(cstring)
RETURNS mrcall.distinct_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'distinct_state_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_state_in(cstring) IS 'Text input of distinct_state: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.distinct_state_out(mrcall.distinct_state)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_state_out(mrcall.distinct_state) IS 'Text output of distinct_state';

CREATE FUNCTION mrcall_internal.distinct_state_recv(internal)
RETURNS mrcall.distinct_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'distinct_state_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_state_recv(internal) IS 'Binary input of distinct_state';

CREATE FUNCTION mrcall_internal.distinct_state_send(mrcall.distinct_state)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.distinct_state_send(mrcall.distinct_state) IS 'Binary output of distinct_state';

CREATE TYPE mrcall.distinct_state (
    INPUT = mrcall_internal.distinct_state_in,
    OUTPUT = mrcall_internal.distinct_state_out,
    RECEIVE = mrcall_internal.distinct_state_recv,
    SEND = mrcall_internal.distinct_state_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.distinct_state IS 'Distinct values, approximately: mergeable by mrcall.rollup, the same bytes for the same values';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.distinct_state_eq(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.distinct_state_eq(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.distinct_state_ne(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.distinct_state_ne(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.distinct_state_lt(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.distinct_state_lt(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.distinct_state_le(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.distinct_state_le(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.distinct_state_gt(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.distinct_state_gt(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.distinct_state_ge(mrcall.distinct_state, mrcall.distinct_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.distinct_state_ge(mrcall.distinct_state, mrcall.distinct_state) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.distinct_state_cmp(mrcall.distinct_state, mrcall.distinct_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.distinct_state_cmp(mrcall.distinct_state, mrcall.distinct_state) IS
    'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.distinct_state_hash(mrcall.distinct_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.distinct_state_hash(mrcall.distinct_state) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.distinct_state_hash(mrcall.distinct_state, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.distinct_state_hash(mrcall.distinct_state, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.distinct_state, mrcall.distinct_state) IS 'The same registers';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.distinct_state, mrcall.distinct_state) IS 'Other registers';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.distinct_state, mrcall.distinct_state) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.distinct_state, mrcall.distinct_state) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.distinct_state, mrcall.distinct_state) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.distinct_state, RIGHTARG = mrcall.distinct_state, FUNCTION = mrcall_internal.distinct_state_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.distinct_state, mrcall.distinct_state) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.distinct_state_ops DEFAULT FOR TYPE mrcall.distinct_state USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.distinct_state_cmp(mrcall.distinct_state, mrcall.distinct_state);
COMMENT ON OPERATOR FAMILY mrcall.distinct_state_ops USING btree IS 'Order of distinct_state';
COMMENT ON OPERATOR CLASS mrcall.distinct_state_ops USING btree IS
    'Order of distinct_state; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.distinct_state_hash_ops DEFAULT FOR TYPE mrcall.distinct_state USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.distinct_state_hash(mrcall.distinct_state),
    FUNCTION 2 mrcall_internal.distinct_state_hash(mrcall.distinct_state, bigint);
COMMENT ON OPERATOR FAMILY mrcall.distinct_state_hash_ops USING hash IS 'Equality of distinct_state';
COMMENT ON OPERATOR CLASS mrcall.distinct_state_hash_ops USING hash IS 'Equality of distinct_state';
CREATE FUNCTION mrcall_internal.distinct_agg_trans(internal, value text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'distinct_agg_default_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_trans(internal, text) IS 'Transition of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_agg_trans(internal, value text, "precision" int)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'distinct_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_trans(internal, text, int) IS 'Transition of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_agg_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'distinct_agg_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_combine(internal, internal) IS 'Combine of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_agg_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'distinct_agg_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_serialize(internal) IS 'Serialize of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_agg_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'distinct_agg_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_deserialize(bytea, internal) IS 'Deserialize of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_agg_final(internal)
RETURNS mrcall.distinct_state
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'distinct_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_agg_final(internal) IS 'Final function of distinct_agg';

CREATE FUNCTION mrcall_internal.distinct_rollup_trans(internal, mrcall.distinct_state)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'distinct_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.distinct_rollup_trans(internal, mrcall.distinct_state) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.distinct_agg(value text) (
    SFUNC = mrcall_internal.distinct_agg_trans,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = mrcall_internal.distinct_agg_final,
    COMBINEFUNC = mrcall_internal.distinct_agg_combine,
    SERIALFUNC = mrcall_internal.distinct_agg_serialize,
    DESERIALFUNC = mrcall_internal.distinct_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.distinct_agg(text) IS 'Distinct values, approximately, with a relative standard error of 0.81 %';

CREATE AGGREGATE mrcall.distinct_agg(value text, "precision" int) (
    SFUNC = mrcall_internal.distinct_agg_trans,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = mrcall_internal.distinct_agg_final,
    COMBINEFUNC = mrcall_internal.distinct_agg_combine,
    SERIALFUNC = mrcall_internal.distinct_agg_serialize,
    DESERIALFUNC = mrcall_internal.distinct_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.distinct_agg(text, int) IS
    'Distinct values, approximately, in two to the power of precision registers';

CREATE AGGREGATE mrcall.rollup(mrcall.distinct_state) (
    SFUNC = mrcall_internal.distinct_rollup_trans,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = mrcall_internal.distinct_agg_final,
    COMBINEFUNC = mrcall_internal.distinct_agg_combine,
    SERIALFUNC = mrcall_internal.distinct_agg_serialize,
    DESERIALFUNC = mrcall_internal.distinct_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.distinct_state) IS
    'Merges stored distinct values: what distinct_agg over all of their rows gives';

CREATE FUNCTION mrcall.num_distinct(state mrcall.distinct_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_distinct_wrapper';
COMMENT ON FUNCTION mrcall.num_distinct(mrcall.distinct_state) IS 'How many distinct values, approximately';

CREATE FUNCTION mrcall.distinct_error(state mrcall.distinct_state)
RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'distinct_error_wrapper';
COMMENT ON FUNCTION mrcall.distinct_error(mrcall.distinct_state) IS 'The relative standard error of num_distinct';
