-- Stored, mergeable events of a funnel. Definitions: docs/behaviour.md.

CREATE TYPE mrcall.funnel_state;

CREATE FUNCTION mrcall_internal.funnel_state_in(cstring)
RETURNS mrcall.funnel_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'funnel_state_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_state_in(cstring) IS 'Text input of funnel_state: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.funnel_state_out(mrcall.funnel_state)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_state_out(mrcall.funnel_state) IS 'Text output of funnel_state';

CREATE FUNCTION mrcall_internal.funnel_state_recv(internal)
RETURNS mrcall.funnel_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'funnel_state_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_state_recv(internal) IS 'Binary input of funnel_state';

CREATE FUNCTION mrcall_internal.funnel_state_send(mrcall.funnel_state)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.funnel_state_send(mrcall.funnel_state) IS 'Binary output of funnel_state';

CREATE TYPE mrcall.funnel_state (
    INPUT = mrcall_internal.funnel_state_in,
    OUTPUT = mrcall_internal.funnel_state_out,
    RECEIVE = mrcall_internal.funnel_state_recv,
    SEND = mrcall_internal.funnel_state_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.funnel_state IS
    'The events of one visitor with the steps that each meets: mergeable by mrcall.rollup, the same bytes for the same rows';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.funnel_state_eq(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.funnel_state_eq(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.funnel_state_ne(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.funnel_state_ne(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.funnel_state_lt(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.funnel_state_lt(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.funnel_state_le(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.funnel_state_le(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.funnel_state_gt(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.funnel_state_gt(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.funnel_state_ge(mrcall.funnel_state, mrcall.funnel_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.funnel_state_ge(mrcall.funnel_state, mrcall.funnel_state) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.funnel_state_cmp(mrcall.funnel_state, mrcall.funnel_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.funnel_state_cmp(mrcall.funnel_state, mrcall.funnel_state) IS 'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.funnel_state_hash(mrcall.funnel_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.funnel_state_hash(mrcall.funnel_state) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.funnel_state_hash(mrcall.funnel_state, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.funnel_state_hash(mrcall.funnel_state, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.funnel_state, mrcall.funnel_state) IS 'The same rows';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.funnel_state, mrcall.funnel_state) IS 'Other rows';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.funnel_state, mrcall.funnel_state) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.funnel_state, mrcall.funnel_state) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.funnel_state, mrcall.funnel_state) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.funnel_state, RIGHTARG = mrcall.funnel_state, FUNCTION = mrcall_internal.funnel_state_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.funnel_state, mrcall.funnel_state) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.funnel_state_ops DEFAULT FOR TYPE mrcall.funnel_state USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.funnel_state_cmp(mrcall.funnel_state, mrcall.funnel_state);
COMMENT ON OPERATOR FAMILY mrcall.funnel_state_ops USING btree IS 'Order of funnel_state';
COMMENT ON OPERATOR CLASS mrcall.funnel_state_ops USING btree IS 'Order of funnel_state; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.funnel_state_hash_ops DEFAULT FOR TYPE mrcall.funnel_state USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.funnel_state_hash(mrcall.funnel_state),
    FUNCTION 2 mrcall_internal.funnel_state_hash(mrcall.funnel_state, bigint);
COMMENT ON OPERATOR FAMILY mrcall.funnel_state_hash_ops USING hash IS 'Equality of funnel_state';
COMMENT ON OPERATOR CLASS mrcall.funnel_state_hash_ops USING hash IS 'Equality of funnel_state';

CREATE FUNCTION mrcall_internal.funnel_agg_trans(internal, ts timestamptz, steps boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'funnel_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_trans(internal, timestamptz, boolean[]) IS 'Transition of funnel_agg';

CREATE FUNCTION mrcall_internal.funnel_agg_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 60
AS 'MODULE_PATHNAME', 'funnel_agg_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_combine(internal, internal) IS 'Combine of funnel_agg';

CREATE FUNCTION mrcall_internal.funnel_agg_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40
AS 'MODULE_PATHNAME', 'funnel_agg_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_serialize(internal) IS 'Serialize of funnel_agg';

CREATE FUNCTION mrcall_internal.funnel_agg_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'funnel_agg_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_deserialize(bytea, internal) IS 'Deserialize of funnel_agg';

CREATE FUNCTION mrcall_internal.funnel_agg_final(internal)
RETURNS mrcall.funnel_state
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'funnel_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_final(internal) IS 'Final function of funnel_agg';

CREATE FUNCTION mrcall_internal.funnel_rollup_trans(internal, mrcall.funnel_state)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'funnel_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_rollup_trans(internal, mrcall.funnel_state) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.funnel_agg(ts timestamptz, steps boolean[]) (
    SFUNC = mrcall_internal.funnel_agg_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall_internal.funnel_agg_final,
    COMBINEFUNC = mrcall_internal.funnel_agg_combine,
    SERIALFUNC = mrcall_internal.funnel_agg_serialize,
    DESERIALFUNC = mrcall_internal.funnel_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.funnel_agg(timestamptz, boolean[]) IS
    'The events of one visitor with the steps that each meets, as a state for window_funnel and window_funnel_times';

CREATE AGGREGATE mrcall.rollup(mrcall.funnel_state) (
    SFUNC = mrcall_internal.funnel_rollup_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall_internal.funnel_agg_final,
    COMBINEFUNC = mrcall_internal.funnel_agg_combine,
    SERIALFUNC = mrcall_internal.funnel_agg_serialize,
    DESERIALFUNC = mrcall_internal.funnel_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.funnel_state) IS 'Merges stored events: what funnel_agg over all of their rows gives';

CREATE FUNCTION mrcall.window_funnel(state mrcall.funnel_state, within interval, modes text[] DEFAULT NULL)
RETURNS int
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'funnel_state_depth_wrapper';
COMMENT ON FUNCTION mrcall.window_funnel(mrcall.funnel_state, interval, text[]) IS
    'The deepest step that a state''s events reach within a time after the first step';

CREATE FUNCTION mrcall.window_funnel_times(state mrcall.funnel_state, within interval, modes text[] DEFAULT NULL)
RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'funnel_state_times_wrapper';
COMMENT ON FUNCTION mrcall.window_funnel_times(mrcall.funnel_state, interval, text[]) IS
    'When a state''s events reach each step, along the deepest chain';

CREATE FUNCTION mrcall.num_events(state mrcall.funnel_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'funnel_state_num_events_wrapper';
COMMENT ON FUNCTION mrcall.num_events(mrcall.funnel_state) IS 'How many events a state keeps';
