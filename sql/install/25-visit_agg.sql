-- Visits as a stored, mergeable state. Definitions: docs/visits.md.

--@ include templates/state_type.sql type=visit_state what="The visits of one visitor" rows=rows compared=rows

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

--@ include templates/parallel_functions.sql state=visit_agg aggregate=visit_agg combine_cost=1 serialize_cost=1
--@ include templates/rollup.sql name=visit type=visit_state what="visits" space=512

CREATE AGGREGATE mrcall.visit_agg(ts timestamptz, gap interval) (
    SFUNC = mrcall_internal.visit_agg_trans,
    FINALFUNC = mrcall_internal.visit_agg_final,
--@ include templates/parallel_aggregate.sql state=visit_agg space=512
);
COMMENT ON AGGREGATE mrcall.visit_agg(timestamptz, interval) IS 'The visits of one visitor, from its events'' times';

CREATE AGGREGATE mrcall.visit_agg(ts timestamptz, gap interval, page text, touch text) (
    SFUNC = mrcall_internal.visit_agg_trans,
    FINALFUNC = mrcall_internal.visit_agg_final,
--@ include templates/parallel_aggregate.sql state=visit_agg space=512
);
COMMENT ON AGGREGATE mrcall.visit_agg(timestamptz, interval, text, text) IS
    'The visits of one visitor, with entry and exit page and the touch that brought each';

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
