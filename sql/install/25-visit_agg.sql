-- Visits as a stored, mergeable state. Definitions: docs/visits.md.

CREATE TYPE mrcall.visit_state;

CREATE FUNCTION mrcall_internal.visit_state_in(cstring)
RETURNS mrcall.visit_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'visit_state_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_state_in(cstring) IS 'Text input of visit_state: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.visit_state_out(mrcall.visit_state)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_state_out(mrcall.visit_state) IS 'Text output of visit_state';

CREATE FUNCTION mrcall_internal.visit_state_recv(internal)
RETURNS mrcall.visit_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'visit_state_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_state_recv(internal) IS 'Binary input of visit_state';

CREATE FUNCTION mrcall_internal.visit_state_send(mrcall.visit_state)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.visit_state_send(mrcall.visit_state) IS 'Binary output of visit_state';

CREATE TYPE mrcall.visit_state (
    INPUT = mrcall_internal.visit_state_in,
    OUTPUT = mrcall_internal.visit_state_out,
    RECEIVE = mrcall_internal.visit_state_recv,
    SEND = mrcall_internal.visit_state_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.visit_state IS 'The visits of one visitor: mergeable by mrcall.rollup, the same bytes for the same rows';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.visit_state_eq(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.visit_state_eq(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.visit_state_ne(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.visit_state_ne(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.visit_state_lt(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.visit_state_lt(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.visit_state_le(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.visit_state_le(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.visit_state_gt(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.visit_state_gt(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.visit_state_ge(mrcall.visit_state, mrcall.visit_state) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.visit_state_ge(mrcall.visit_state, mrcall.visit_state) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.visit_state_cmp(mrcall.visit_state, mrcall.visit_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.visit_state_cmp(mrcall.visit_state, mrcall.visit_state) IS 'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.visit_state_hash(mrcall.visit_state) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.visit_state_hash(mrcall.visit_state) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.visit_state_hash(mrcall.visit_state, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.visit_state_hash(mrcall.visit_state, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.visit_state, mrcall.visit_state) IS 'The same rows';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.visit_state, mrcall.visit_state) IS 'Other rows';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.visit_state, mrcall.visit_state) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.visit_state, mrcall.visit_state) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.visit_state, mrcall.visit_state) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.visit_state, RIGHTARG = mrcall.visit_state, FUNCTION = mrcall_internal.visit_state_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.visit_state, mrcall.visit_state) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.visit_state_ops DEFAULT FOR TYPE mrcall.visit_state USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.visit_state_cmp(mrcall.visit_state, mrcall.visit_state);
COMMENT ON OPERATOR FAMILY mrcall.visit_state_ops USING btree IS 'Order of visit_state';
COMMENT ON OPERATOR CLASS mrcall.visit_state_ops USING btree IS 'Order of visit_state; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.visit_state_hash_ops DEFAULT FOR TYPE mrcall.visit_state USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.visit_state_hash(mrcall.visit_state),
    FUNCTION 2 mrcall_internal.visit_state_hash(mrcall.visit_state, bigint);
COMMENT ON OPERATOR FAMILY mrcall.visit_state_hash_ops USING hash IS 'Equality of visit_state';
COMMENT ON OPERATOR CLASS mrcall.visit_state_hash_ops USING hash IS 'Equality of visit_state';

CREATE FUNCTION mrcall_internal.visit_agg_trans(internal, ts timestamptz, gap interval)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_agg_times_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_trans(internal, timestamptz, interval) IS 'Transition of visit_agg';

CREATE FUNCTION mrcall_internal.visit_agg_trans(internal, ts timestamptz, gap interval, page text, touch text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_trans(internal, timestamptz, interval, text, text) IS 'Transition of visit_agg';

CREATE FUNCTION mrcall_internal.visit_agg_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_agg_combine_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_combine(internal, internal) IS 'Combine of visit_agg';

CREATE FUNCTION mrcall_internal.visit_agg_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'visit_agg_serialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_serialize(internal) IS 'Serialize of visit_agg';

CREATE FUNCTION mrcall_internal.visit_agg_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'visit_agg_deserialize_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_deserialize(bytea, internal) IS 'Deserialize of visit_agg';

CREATE FUNCTION mrcall_internal.visit_agg_final(internal)
RETURNS mrcall.visit_state
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_agg_final(internal) IS 'Final function of visit_agg';

CREATE FUNCTION mrcall_internal.visit_rollup_trans(internal, mrcall.visit_state)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_rollup_trans(internal, mrcall.visit_state) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.visit_agg(ts timestamptz, gap interval) (
    SFUNC = mrcall_internal.visit_agg_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall_internal.visit_agg_final,
    COMBINEFUNC = mrcall_internal.visit_agg_combine,
    SERIALFUNC = mrcall_internal.visit_agg_serialize,
    DESERIALFUNC = mrcall_internal.visit_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.visit_agg(timestamptz, interval) IS 'The visits of one visitor, from its events'' times';

CREATE AGGREGATE mrcall.visit_agg(ts timestamptz, gap interval, page text, touch text) (
    SFUNC = mrcall_internal.visit_agg_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall_internal.visit_agg_final,
    COMBINEFUNC = mrcall_internal.visit_agg_combine,
    SERIALFUNC = mrcall_internal.visit_agg_serialize,
    DESERIALFUNC = mrcall_internal.visit_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.visit_agg(timestamptz, interval, text, text) IS
    'The visits of one visitor, with entry and exit page and the touch that brought each';

CREATE AGGREGATE mrcall.rollup(mrcall.visit_state) (
    SFUNC = mrcall_internal.visit_rollup_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall_internal.visit_agg_final,
    COMBINEFUNC = mrcall_internal.visit_agg_combine,
    SERIALFUNC = mrcall_internal.visit_agg_serialize,
    DESERIALFUNC = mrcall_internal.visit_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.visit_state) IS 'Merges stored visits: what visit_agg over all of their rows gives';

CREATE FUNCTION mrcall.visits(state mrcall.visit_state)
RETURNS TABLE (
    visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint, entry_page text,
    exit_page text, touch text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 3
AS 'MODULE_PATHNAME', 'visits_wrapper';
COMMENT ON FUNCTION mrcall.visits(mrcall.visit_state) IS 'The visits of a state in order of time';

CREATE FUNCTION mrcall.num_visits(state mrcall.visit_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'num_visits_wrapper';
COMMENT ON FUNCTION mrcall.num_visits(mrcall.visit_state) IS 'How many visits';

CREATE FUNCTION mrcall.num_events(state mrcall.visit_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'num_events_wrapper';
COMMENT ON FUNCTION mrcall.num_events(mrcall.visit_state) IS 'How many events in all visits';

CREATE FUNCTION mrcall.num_pageviews(state mrcall.visit_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'num_pageviews_wrapper';
COMMENT ON FUNCTION mrcall.num_pageviews(mrcall.visit_state) IS 'How many page views in all visits';

CREATE FUNCTION mrcall.num_bounces(state mrcall.visit_state)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'num_bounces_wrapper';
COMMENT ON FUNCTION mrcall.num_bounces(mrcall.visit_state) IS 'How many visits of one event';

CREATE FUNCTION mrcall.total_duration(state mrcall.visit_state)
RETURNS interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'total_duration_wrapper';
COMMENT ON FUNCTION mrcall.total_duration(mrcall.visit_state) IS 'The length of all visits together';
