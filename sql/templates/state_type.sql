-- A type that holds the state of an aggregate: stored and compared as its bytes, which are the same for the same rows.
CREATE TYPE mrcall.{type};

CREATE FUNCTION mrcall_internal.{type}_in(cstring)
RETURNS mrcall.{type}
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '{type}_in_wrapper';
COMMENT ON FUNCTION mrcall_internal.{type}_in(cstring) IS 'Text input of {type}: \x and hexadecimal digits';

CREATE FUNCTION mrcall_internal.{type}_out(mrcall.{type})
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'state_out_wrapper';
COMMENT ON FUNCTION mrcall_internal.{type}_out(mrcall.{type}) IS 'Text output of {type}';

CREATE FUNCTION mrcall_internal.{type}_recv(internal)
RETURNS mrcall.{type}
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '{type}_recv_wrapper';
COMMENT ON FUNCTION mrcall_internal.{type}_recv(internal) IS 'Binary input of {type}';

CREATE FUNCTION mrcall_internal.{type}_send(mrcall.{type})
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'byteasend';
COMMENT ON FUNCTION mrcall_internal.{type}_send(mrcall.{type}) IS 'Binary output of {type}';

CREATE TYPE mrcall.{type} (
    INPUT = mrcall_internal.{type}_in,
    OUTPUT = mrcall_internal.{type}_out,
    RECEIVE = mrcall_internal.{type}_recv,
    SEND = mrcall_internal.{type}_send,
    LIKE = pg_catalog.bytea
);
COMMENT ON TYPE mrcall.{type} IS
    '{what}: mergeable by mrcall.rollup, the same bytes for the same {rows}';

-- For drivers and tools that know bytea and not this type: the bytes as they are, checked where they become a state.
CREATE FUNCTION mrcall_internal.{type}_from_bytes(bytea)
RETURNS mrcall.{type}
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '{type}_from_bytes_wrapper';
COMMENT ON FUNCTION mrcall_internal.{type}_from_bytes(bytea) IS 'The state of these bytes: implementation of the cast';
CREATE CAST (bytea AS mrcall.{type}) WITH FUNCTION mrcall_internal.{type}_from_bytes(bytea);
COMMENT ON CAST (bytea AS mrcall.{type}) IS 'The state of these bytes, which are checked';
CREATE CAST (mrcall.{type} AS bytea) WITH FUNCTION mrcall_internal.{type}_send(mrcall.{type});
COMMENT ON CAST (mrcall.{type} AS bytea) IS 'The bytes of a state';

-- States compare by their bytes, as bytea does.
CREATE FUNCTION mrcall_internal.{type}_eq(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
COMMENT ON FUNCTION mrcall_internal.{type}_eq(mrcall.{type}, mrcall.{type}) IS 'Implementation of =';
CREATE FUNCTION mrcall_internal.{type}_ne(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
COMMENT ON FUNCTION mrcall_internal.{type}_ne(mrcall.{type}, mrcall.{type}) IS 'Implementation of <>';
CREATE FUNCTION mrcall_internal.{type}_lt(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
COMMENT ON FUNCTION mrcall_internal.{type}_lt(mrcall.{type}, mrcall.{type}) IS 'Implementation of <';
CREATE FUNCTION mrcall_internal.{type}_le(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
COMMENT ON FUNCTION mrcall_internal.{type}_le(mrcall.{type}, mrcall.{type}) IS 'Implementation of <=';
CREATE FUNCTION mrcall_internal.{type}_gt(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
COMMENT ON FUNCTION mrcall_internal.{type}_gt(mrcall.{type}, mrcall.{type}) IS 'Implementation of >';
CREATE FUNCTION mrcall_internal.{type}_ge(mrcall.{type}, mrcall.{type}) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
COMMENT ON FUNCTION mrcall_internal.{type}_ge(mrcall.{type}, mrcall.{type}) IS 'Implementation of >=';
CREATE FUNCTION mrcall_internal.{type}_cmp(mrcall.{type}, mrcall.{type}) RETURNS int
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
COMMENT ON FUNCTION mrcall_internal.{type}_cmp(mrcall.{type}, mrcall.{type}) IS 'Order of two states by their bytes';
CREATE FUNCTION mrcall_internal.{type}_hash(mrcall.{type}) RETURNS int
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
COMMENT ON FUNCTION mrcall_internal.{type}_hash(mrcall.{type}) IS 'Hash of a state';
CREATE FUNCTION mrcall_internal.{type}_hash(mrcall.{type}, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION mrcall_internal.{type}_hash(mrcall.{type}, bigint) IS 'Seeded hash of a state';

CREATE OPERATOR mrcall.= (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_eq,
    COMMUTATOR = OPERATOR(mrcall.=), NEGATOR = OPERATOR(mrcall.<>), RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES);
COMMENT ON OPERATOR mrcall.= (mrcall.{type}, mrcall.{type}) IS 'The same {compared}';
CREATE OPERATOR mrcall.<> (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_ne,
    COMMUTATOR = OPERATOR(mrcall.<>), NEGATOR = OPERATOR(mrcall.=), RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel);
COMMENT ON OPERATOR mrcall.<> (mrcall.{type}, mrcall.{type}) IS 'Other {compared}';
CREATE OPERATOR mrcall.< (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_lt,
    COMMUTATOR = OPERATOR(mrcall.>), NEGATOR = OPERATOR(mrcall.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel);
COMMENT ON OPERATOR mrcall.< (mrcall.{type}, mrcall.{type}) IS 'Earlier by bytes';
CREATE OPERATOR mrcall.<= (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_le,
    COMMUTATOR = OPERATOR(mrcall.>=), NEGATOR = OPERATOR(mrcall.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel);
COMMENT ON OPERATOR mrcall.<= (mrcall.{type}, mrcall.{type}) IS 'Earlier by bytes, or the same';
CREATE OPERATOR mrcall.> (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_gt,
    COMMUTATOR = OPERATOR(mrcall.<), NEGATOR = OPERATOR(mrcall.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel);
COMMENT ON OPERATOR mrcall.> (mrcall.{type}, mrcall.{type}) IS 'Later by bytes';
CREATE OPERATOR mrcall.>= (
    LEFTARG = mrcall.{type}, RIGHTARG = mrcall.{type}, FUNCTION = mrcall_internal.{type}_ge,
    COMMUTATOR = OPERATOR(mrcall.<=), NEGATOR = OPERATOR(mrcall.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel);
COMMENT ON OPERATOR mrcall.>= (mrcall.{type}, mrcall.{type}) IS 'Later by bytes, or the same';

CREATE OPERATOR CLASS mrcall.{type}_ops DEFAULT FOR TYPE mrcall.{type} USING btree AS
    OPERATOR 1 mrcall.<, OPERATOR 2 mrcall.<=, OPERATOR 3 mrcall.=, OPERATOR 4 mrcall.>=, OPERATOR 5 mrcall.>,
    FUNCTION 1 mrcall_internal.{type}_cmp(mrcall.{type}, mrcall.{type});
COMMENT ON OPERATOR FAMILY mrcall.{type}_ops USING btree IS 'Order of {type}';
COMMENT ON OPERATOR CLASS mrcall.{type}_ops USING btree IS 'Order of {type}; a btree entry holds 2,704 bytes: index by hash';
CREATE OPERATOR CLASS mrcall.{type}_hash_ops DEFAULT FOR TYPE mrcall.{type} USING hash AS
    OPERATOR 1 mrcall.=,
    FUNCTION 1 mrcall_internal.{type}_hash(mrcall.{type}),
    FUNCTION 2 mrcall_internal.{type}_hash(mrcall.{type}, bigint);
COMMENT ON OPERATOR FAMILY mrcall.{type}_hash_ops USING hash IS 'Equality of {type}';
COMMENT ON OPERATOR CLASS mrcall.{type}_hash_ops USING hash IS 'Equality of {type}';
