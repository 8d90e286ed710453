-- Calls as a stored, mergeable state. Definitions: docs/call_agg.md.

CREATE TYPE mrcall.call_state;

CREATE FUNCTION mrcall_internal.call_state_in(cstring)
RETURNS mrcall.call_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'call_state_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_state_in(cstring) IS 'Text input of call_state: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.call_state_out(mrcall.call_state)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_state_out(mrcall.call_state) IS 'Text output of call_state';

CREATE FUNCTION mrcall_internal.call_state_recv(internal)
RETURNS mrcall.call_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'call_state_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_state_recv(internal) IS 'Binary input of call_state';

CREATE FUNCTION mrcall_internal.call_state_send(mrcall.call_state)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.call_state_send(mrcall.call_state) IS 'Binary output of call_state';

CREATE TYPE mrcall.call_state (
    INPUT = mrcall_internal.call_state_in,
    OUTPUT = mrcall_internal.call_state_out,
    RECEIVE = mrcall_internal.call_state_recv,
    SEND = mrcall_internal.call_state_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.call_state IS 'Calls with their intervals: mergeable by mrcall.rollup, the same bytes for the same rows';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.call_state_eq(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.call_state_eq(mrcall.call_state, mrcall.call_state) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.call_state_ne(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.call_state_ne(mrcall.call_state, mrcall.call_state) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.call_state_lt(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.call_state_lt(mrcall.call_state, mrcall.call_state) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.call_state_le(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.call_state_le(mrcall.call_state, mrcall.call_state) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.call_state_gt(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.call_state_gt(mrcall.call_state, mrcall.call_state) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.call_state_ge(mrcall.call_state, mrcall.call_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.call_state_ge(mrcall.call_state, mrcall.call_state) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.call_state_cmp(mrcall.call_state, mrcall.call_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.call_state_cmp(mrcall.call_state, mrcall.call_state) IS 'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.call_state_hash(mrcall.call_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.call_state_hash(mrcall.call_state) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.call_state_hash(mrcall.call_state, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.call_state_hash(mrcall.call_state, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.call_state, mrcall.call_state) IS 'The same rows';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.call_state, mrcall.call_state) IS 'Other rows';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.call_state, mrcall.call_state) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.call_state, mrcall.call_state) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.call_state, mrcall.call_state) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.call_state, RIGHTARG = mrcall.call_state, FUNCTION = mrcall_internal.call_state_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.call_state, mrcall.call_state) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.call_state_ops DEFAULT FOR TYPE mrcall.call_state USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.call_state_cmp(mrcall.call_state, mrcall.call_state);
COMMENT ON OPERATOR FAMILY mrcall.call_state_ops USING btree IS 'Order of call_state';
COMMENT ON OPERATOR CLASS mrcall.call_state_ops USING btree IS 'Order of call_state; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.call_state_hash_ops DEFAULT FOR TYPE mrcall.call_state USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.call_state_hash(mrcall.call_state),
    FUNCTION 2 mrcall_internal.call_state_hash(mrcall.call_state, bigint);
COMMENT ON OPERATOR FAMILY mrcall.call_state_hash_ops USING hash IS 'Equality of call_state';
COMMENT ON OPERATOR CLASS mrcall.call_state_hash_ops USING hash IS 'Equality of call_state';

CREATE FUNCTION mrcall_internal.call_agg_trans(internal, started_at timestamptz, ended_at timestamptz, outcome text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_trans(internal, timestamptz, timestamptz, text) IS 'Transition of call_agg';

CREATE FUNCTION mrcall_internal.call_agg_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_agg_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_combine(internal, internal) IS 'Combine of call_agg';

CREATE FUNCTION mrcall_internal.call_agg_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'call_agg_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_serialize(internal) IS 'Serialize of call_agg';

CREATE FUNCTION mrcall_internal.call_agg_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'call_agg_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_deserialize(bytea, internal) IS 'Deserialize of call_agg';

CREATE FUNCTION mrcall_internal.call_agg_final(internal)
RETURNS mrcall.call_state
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_final(internal) IS 'Final function of call_agg';

CREATE FUNCTION mrcall_internal.call_rollup_trans(internal, mrcall.call_state)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_rollup_trans(internal, mrcall.call_state) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.call_agg(started_at timestamptz, ended_at timestamptz, outcome text) (
    SFUNC = mrcall_internal.call_agg_trans,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = mrcall_internal.call_agg_final,
    COMBINEFUNC = mrcall_internal.call_agg_combine,
    SERIALFUNC = mrcall_internal.call_agg_serialize,
    DESERIALFUNC = mrcall_internal.call_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.call_agg(timestamptz, timestamptz, text) IS
    'Calls with their intervals and outcomes, as a state that can be stored and merged';

CREATE AGGREGATE mrcall.rollup(mrcall.call_state) (
    SFUNC = mrcall_internal.call_rollup_trans,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = mrcall_internal.call_agg_final,
    COMBINEFUNC = mrcall_internal.call_agg_combine,
    SERIALFUNC = mrcall_internal.call_agg_serialize,
    DESERIALFUNC = mrcall_internal.call_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.call_state) IS 'Merges stored calls: what call_agg over all of their rows gives';

CREATE FUNCTION mrcall.num_calls(state mrcall.call_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'num_calls_wrapper';
COMMENT ON FUNCTION mrcall.num_calls(mrcall.call_state) IS 'How many calls, those without a duration too';

CREATE FUNCTION mrcall.total_duration(state mrcall.call_state)
RETURNS interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'calls_total_duration_wrapper';
COMMENT ON FUNCTION mrcall.total_duration(mrcall.call_state) IS 'The durations of all calls added up';

CREATE FUNCTION mrcall.mean_duration(state mrcall.call_state)
RETURNS interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'mean_duration_wrapper';
COMMENT ON FUNCTION mrcall.mean_duration(mrcall.call_state) IS 'The mean duration of the calls that have one; NULL without any';

CREATE FUNCTION mrcall.duration_percentile(state mrcall.call_state, fraction float8)
RETURNS interval
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20
AS 'MODULE_PATHNAME', 'duration_percentile_wrapper';
COMMENT ON FUNCTION mrcall.duration_percentile(mrcall.call_state, float8) IS
    'A percentile of the durations, as percentile_cont; NULL without any';

CREATE FUNCTION mrcall.outcomes(state mrcall.call_state)
RETURNS TABLE (outcome text, calls bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 5
AS 'MODULE_PATHNAME', 'outcomes_wrapper';
COMMENT ON FUNCTION mrcall.outcomes(mrcall.call_state) IS 'Each outcome with its calls; NULL for calls without one';

CREATE FUNCTION mrcall.peak_concurrency(state mrcall.call_state)
RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'peak_concurrency_wrapper';
COMMENT ON FUNCTION mrcall.peak_concurrency(mrcall.call_state) IS 'The most calls that ran at one instant; 0 without a duration';

CREATE FUNCTION mrcall.peak_at(state mrcall.call_state)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'peak_at_wrapper';
COMMENT ON FUNCTION mrcall.peak_at(mrcall.call_state) IS 'The first instant at which the most calls ran; NULL without a duration';

CREATE FUNCTION mrcall.busy_time(state mrcall.call_state)
RETURNS interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'busy_time_wrapper';
COMMENT ON FUNCTION mrcall.busy_time(mrcall.call_state) IS 'How long at least one call ran';
