-- What visitors did one after another: funnels, retention, sequences. Definitions: docs/behaviour.md.

-- The costs say what a row, and a group that comes from a worker, take: with few events a group, one process is faster than
-- several whose groups have to be brought together.
CREATE FUNCTION mrcall._window_funnel_trans(internal, within interval, ts timestamptz, steps boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', '_window_funnel_trans_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_trans(internal, interval, timestamptz, boolean[])
IS 'Internal: transition of window_funnel';

CREATE FUNCTION mrcall._window_funnel_trans(internal, within interval, ts timestamptz, steps boolean[], modes text[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', '_window_funnel_trans_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_trans(internal, interval, timestamptz, boolean[], text[])
IS 'Internal: transition of window_funnel';

CREATE FUNCTION mrcall._window_funnel_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 60
AS 'MODULE_PATHNAME', '_window_funnel_combine_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_combine(internal, internal) IS 'Internal: combine of window_funnel';

CREATE FUNCTION mrcall._window_funnel_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40
AS 'MODULE_PATHNAME', '_window_funnel_serialize_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_serialize(internal) IS 'Internal: serialize of window_funnel';

CREATE FUNCTION mrcall._window_funnel_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_window_funnel_deserialize_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_deserialize(bytea, internal) IS 'Internal: deserialize of window_funnel';

CREATE FUNCTION mrcall._window_funnel_final(internal)
RETURNS int
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_window_funnel_final_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_final(internal) IS 'Internal: final function of window_funnel';

CREATE FUNCTION mrcall._window_funnel_times_final(internal)
RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_window_funnel_times_final_wrapper';
COMMENT ON FUNCTION mrcall._window_funnel_times_final(internal) IS 'Internal: final function of window_funnel_times';

CREATE AGGREGATE mrcall.window_funnel(within interval, ts timestamptz, steps boolean[]) (
    SFUNC = mrcall._window_funnel_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._window_funnel_final,
    COMBINEFUNC = mrcall._window_funnel_combine,
    SERIALFUNC = mrcall._window_funnel_serialize,
    DESERIALFUNC = mrcall._window_funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.window_funnel(interval, timestamptz, boolean[]) IS
    'The deepest step of a funnel that was reached within a time after its first step';

CREATE AGGREGATE mrcall.window_funnel(within interval, ts timestamptz, steps boolean[], modes text[]) (
    SFUNC = mrcall._window_funnel_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._window_funnel_final,
    COMBINEFUNC = mrcall._window_funnel_combine,
    SERIALFUNC = mrcall._window_funnel_serialize,
    DESERIALFUNC = mrcall._window_funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.window_funnel(interval, timestamptz, boolean[], text[]) IS
    'The deepest step of a funnel that was reached within a time after its first step, by modes';

CREATE AGGREGATE mrcall.window_funnel_times(within interval, ts timestamptz, steps boolean[]) (
    SFUNC = mrcall._window_funnel_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._window_funnel_times_final,
    COMBINEFUNC = mrcall._window_funnel_combine,
    SERIALFUNC = mrcall._window_funnel_serialize,
    DESERIALFUNC = mrcall._window_funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.window_funnel_times(interval, timestamptz, boolean[]) IS
    'When each step of a funnel was reached, along the deepest chain';

CREATE AGGREGATE mrcall.window_funnel_times(within interval, ts timestamptz, steps boolean[], modes text[]) (
    SFUNC = mrcall._window_funnel_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._window_funnel_times_final,
    COMBINEFUNC = mrcall._window_funnel_combine,
    SERIALFUNC = mrcall._window_funnel_serialize,
    DESERIALFUNC = mrcall._window_funnel_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.window_funnel_times(interval, timestamptz, boolean[], text[]) IS
    'When each step of a funnel was reached, along the deepest chain, by modes';

CREATE FUNCTION mrcall._retention_trans(internal, conditions boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_retention_trans_wrapper';
COMMENT ON FUNCTION mrcall._retention_trans(internal, boolean[])
IS 'Internal: transition of retention';

CREATE FUNCTION mrcall._retention_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_retention_combine_wrapper';
COMMENT ON FUNCTION mrcall._retention_combine(internal, internal) IS 'Internal: combine of retention';

CREATE FUNCTION mrcall._retention_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_retention_serialize_wrapper';
COMMENT ON FUNCTION mrcall._retention_serialize(internal) IS 'Internal: serialize of retention';

CREATE FUNCTION mrcall._retention_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_retention_deserialize_wrapper';
COMMENT ON FUNCTION mrcall._retention_deserialize(bytea, internal) IS 'Internal: deserialize of retention';

CREATE FUNCTION mrcall._retention_final(internal)
RETURNS boolean[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_retention_final_wrapper';
COMMENT ON FUNCTION mrcall._retention_final(internal) IS 'Internal: final function of retention';

CREATE AGGREGATE mrcall.retention(conditions boolean[]) (
    SFUNC = mrcall._retention_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._retention_final,
    COMBINEFUNC = mrcall._retention_combine,
    SERIALFUNC = mrcall._retention_serialize,
    DESERIALFUNC = mrcall._retention_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.retention(boolean[]) IS
    'Whether the first condition ever held, and each other one together with it';

CREATE FUNCTION mrcall._sequence_trans(internal, pattern text, ts timestamptz, conditions boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', '_sequence_trans_wrapper';
COMMENT ON FUNCTION mrcall._sequence_trans(internal, text, timestamptz, boolean[])
IS 'Internal: transition of sequence_match and sequence_count';

CREATE FUNCTION mrcall._sequence_combine(internal, internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 60
AS 'MODULE_PATHNAME', '_sequence_combine_wrapper';
COMMENT ON FUNCTION mrcall._sequence_combine(internal, internal) IS 'Internal: combine of sequence_match and sequence_count';

CREATE FUNCTION mrcall._sequence_serialize(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40
AS 'MODULE_PATHNAME', '_sequence_serialize_wrapper';
COMMENT ON FUNCTION mrcall._sequence_serialize(internal) IS 'Internal: serialize of sequence_match and sequence_count';

CREATE FUNCTION mrcall._sequence_deserialize(bytea, internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_sequence_deserialize_wrapper';
COMMENT ON FUNCTION mrcall._sequence_deserialize(bytea, internal) IS 'Internal: deserialize of sequence_match and sequence_count';

CREATE FUNCTION mrcall._sequence_match_final(internal)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_sequence_match_final_wrapper';
COMMENT ON FUNCTION mrcall._sequence_match_final(internal) IS 'Internal: final function of sequence_match';

CREATE FUNCTION mrcall._sequence_count_final(internal)
RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '_sequence_count_final_wrapper';
COMMENT ON FUNCTION mrcall._sequence_count_final(internal) IS 'Internal: final function of sequence_count';

CREATE AGGREGATE mrcall.sequence_match(pattern text, ts timestamptz, conditions boolean[]) (
    SFUNC = mrcall._sequence_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._sequence_match_final,
    COMBINEFUNC = mrcall._sequence_combine,
    SERIALFUNC = mrcall._sequence_serialize,
    DESERIALFUNC = mrcall._sequence_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.sequence_match(text, timestamptz, boolean[]) IS
    'Whether a pattern of conditions occurs among the events in order of time';

CREATE AGGREGATE mrcall.sequence_count(pattern text, ts timestamptz, conditions boolean[]) (
    SFUNC = mrcall._sequence_trans,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = mrcall._sequence_count_final,
    COMBINEFUNC = mrcall._sequence_combine,
    SERIALFUNC = mrcall._sequence_serialize,
    DESERIALFUNC = mrcall._sequence_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.sequence_count(text, timestamptz, boolean[]) IS
    'How often a pattern of conditions occurs, one match after the other';
