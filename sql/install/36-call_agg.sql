-- Calls as a stored, mergeable state. Definitions: docs/call_agg.md.

--@ include templates/state_type.sql type=call_state what="Calls with their intervals" rows=rows compared=rows

CREATE FUNCTION mrcall_internal.call_agg_trans(internal, started_at timestamptz, ended_at timestamptz, outcome text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'call_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.call_agg_trans(internal, timestamptz, timestamptz, text) IS 'Transition of call_agg';

--@ include templates/parallel_functions.sql state=call_agg aggregate=call_agg combine_cost=1 serialize_cost=1
--@ include templates/rollup.sql name=call type=call_state what="calls" space=4096

CREATE AGGREGATE mrcall.call_agg(started_at timestamptz, ended_at timestamptz, outcome text) (
    SFUNC = mrcall_internal.call_agg_trans,
    FINALFUNC = mrcall_internal.call_agg_final,
--@ include templates/parallel_aggregate.sql state=call_agg space=4096
);
COMMENT ON AGGREGATE mrcall.call_agg(timestamptz, timestamptz, text) IS
    'Calls with their intervals and outcomes, as a state that can be stored and merged';

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
