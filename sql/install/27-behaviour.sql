-- What visitors did one after another: funnels, retention, sequences. Definitions: docs/behaviour.md.

-- The costs say what a row, and a group that comes from a worker, take: with few events a group, one process is faster than
-- several whose groups have to be brought together.
CREATE FUNCTION mrcall_internal.window_funnel_trans(internal, within interval, ts timestamptz, steps boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'window_funnel_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.window_funnel_trans(internal, interval, timestamptz, boolean[])
IS 'Transition of window_funnel';

CREATE FUNCTION mrcall_internal.window_funnel_trans(internal, within interval, ts timestamptz, steps boolean[], modes text[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'window_funnel_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.window_funnel_trans(internal, interval, timestamptz, boolean[], text[])
IS 'Transition of window_funnel';

--@ include templates/parallel_functions.sql state=window_funnel aggregate=window_funnel combine_cost=60 serialize_cost=40

CREATE FUNCTION mrcall_internal.window_funnel_final(internal)
RETURNS int
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'window_funnel_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.window_funnel_final(internal) IS 'Final function of window_funnel';

CREATE FUNCTION mrcall_internal.window_funnel_times_final(internal)
RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'window_funnel_times_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.window_funnel_times_final(internal) IS 'Final function of window_funnel_times';

CREATE AGGREGATE mrcall.window_funnel(within interval, ts timestamptz, steps boolean[]) (
    SFUNC = mrcall_internal.window_funnel_trans,
    FINALFUNC = mrcall_internal.window_funnel_final,
--@ include templates/parallel_aggregate.sql state=window_funnel space=512
);
COMMENT ON AGGREGATE mrcall.window_funnel(interval, timestamptz, boolean[]) IS
    'The deepest step of a funnel that was reached within a time after its first step';

CREATE AGGREGATE mrcall.window_funnel(within interval, ts timestamptz, steps boolean[], modes text[]) (
    SFUNC = mrcall_internal.window_funnel_trans,
    FINALFUNC = mrcall_internal.window_funnel_final,
--@ include templates/parallel_aggregate.sql state=window_funnel space=512
);
COMMENT ON AGGREGATE mrcall.window_funnel(interval, timestamptz, boolean[], text[]) IS
    'The deepest step of a funnel that was reached within a time after its first step, by modes';

CREATE AGGREGATE mrcall.window_funnel_times(within interval, ts timestamptz, steps boolean[]) (
    SFUNC = mrcall_internal.window_funnel_trans,
    FINALFUNC = mrcall_internal.window_funnel_times_final,
--@ include templates/parallel_aggregate.sql state=window_funnel space=512
);
COMMENT ON AGGREGATE mrcall.window_funnel_times(interval, timestamptz, boolean[]) IS
    'When each step of a funnel was reached, along the deepest chain';

CREATE AGGREGATE mrcall.window_funnel_times(within interval, ts timestamptz, steps boolean[], modes text[]) (
    SFUNC = mrcall_internal.window_funnel_trans,
    FINALFUNC = mrcall_internal.window_funnel_times_final,
--@ include templates/parallel_aggregate.sql state=window_funnel space=512
);
COMMENT ON AGGREGATE mrcall.window_funnel_times(interval, timestamptz, boolean[], text[]) IS
    'When each step of a funnel was reached, along the deepest chain, by modes';

CREATE FUNCTION mrcall_internal.retention_trans(internal, conditions boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'retention_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.retention_trans(internal, boolean[])
IS 'Transition of retention';

--@ include templates/parallel_functions.sql state=retention aggregate=retention combine_cost=1 serialize_cost=1

CREATE FUNCTION mrcall_internal.retention_final(internal)
RETURNS boolean[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'retention_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.retention_final(internal) IS 'Final function of retention';

CREATE AGGREGATE mrcall.retention(conditions boolean[]) (
    SFUNC = mrcall_internal.retention_trans,
    FINALFUNC = mrcall_internal.retention_final,
--@ include templates/parallel_aggregate.sql state=retention space=512
);
COMMENT ON AGGREGATE mrcall.retention(boolean[]) IS
    'Whether the first condition ever held, and each other one together with it';

CREATE FUNCTION mrcall_internal.sequence_trans(internal, pattern text, ts timestamptz, conditions boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'sequence_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.sequence_trans(internal, text, timestamptz, boolean[])
IS 'Transition of sequence_match and sequence_count';

--@ include templates/parallel_functions.sql state=sequence aggregate="sequence_match and sequence_count"
--@     combine_cost=60 serialize_cost=40

CREATE FUNCTION mrcall_internal.sequence_match_final(internal)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'sequence_match_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.sequence_match_final(internal) IS 'Final function of sequence_match';

CREATE FUNCTION mrcall_internal.sequence_count_final(internal)
RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'sequence_count_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.sequence_count_final(internal) IS 'Final function of sequence_count';

CREATE AGGREGATE mrcall.sequence_match(pattern text, ts timestamptz, conditions boolean[]) (
    SFUNC = mrcall_internal.sequence_trans,
    FINALFUNC = mrcall_internal.sequence_match_final,
--@ include templates/parallel_aggregate.sql state=sequence space=512
);
COMMENT ON AGGREGATE mrcall.sequence_match(text, timestamptz, boolean[]) IS
    'Whether a pattern of conditions occurs among the events in order of time';

CREATE AGGREGATE mrcall.sequence_count(pattern text, ts timestamptz, conditions boolean[]) (
    SFUNC = mrcall_internal.sequence_trans,
    FINALFUNC = mrcall_internal.sequence_count_final,
--@ include templates/parallel_aggregate.sql state=sequence space=512
);
COMMENT ON AGGREGATE mrcall.sequence_count(text, timestamptz, boolean[]) IS
    'How often a pattern of conditions occurs, one match after the other';

CREATE FUNCTION mrcall_internal.sequence_events_final(internal)
RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'sequence_events_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.sequence_events_final(internal) IS 'Final function of sequence_events';

CREATE AGGREGATE mrcall.sequence_events(pattern text, ts timestamptz, conditions boolean[]) (
    SFUNC = mrcall_internal.sequence_trans,
    FINALFUNC = mrcall_internal.sequence_events_final,
--@ include templates/parallel_aggregate.sql state=sequence space=512
);
COMMENT ON AGGREGATE mrcall.sequence_events(text, timestamptz, boolean[]) IS
    'When the steps of the first match of a pattern of conditions happened';
