-- Stored, mergeable events of a funnel. Definitions: docs/behaviour.md.

--@ include templates/state_type.sql type=funnel_state
--@     what="The events of one visitor with the steps that each meets" rows=rows compared=rows

CREATE FUNCTION mrcall_internal.funnel_agg_trans(internal, ts timestamptz, steps boolean[])
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'funnel_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_agg_trans(internal, timestamptz, boolean[]) IS 'Transition of funnel_agg';

--@ include templates/parallel_functions.sql state=funnel_agg aggregate=funnel_agg combine_cost=60 serialize_cost=40
--@ include templates/rollup.sql name=funnel type=funnel_state what="events" space=512

CREATE AGGREGATE mrcall.funnel_agg(ts timestamptz, steps boolean[]) (
    SFUNC = mrcall_internal.funnel_agg_trans,
    FINALFUNC = mrcall_internal.funnel_agg_final,
--@ include templates/parallel_aggregate.sql state=funnel_agg space=512
);
COMMENT ON AGGREGATE mrcall.funnel_agg(timestamptz, boolean[]) IS
    'The events of one visitor with the steps that each meets, as a state for window_funnel and window_funnel_times';

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
