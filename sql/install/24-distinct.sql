-- Approximate, mergeable count of distinct values. Definitions: docs/distinct.md.

--@ include templates/state_type.sql type=distinct_state what="Distinct values, approximately" rows=values compared=registers

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

--@ include templates/parallel_functions.sql state=distinct_agg aggregate=distinct_agg combine_cost=1 serialize_cost=1
--@ include templates/rollup.sql name=distinct type=distinct_state what="distinct values" space=4096

CREATE AGGREGATE mrcall.distinct_agg(value text) (
    SFUNC = mrcall_internal.distinct_agg_trans,
    FINALFUNC = mrcall_internal.distinct_agg_final,
--@ include templates/parallel_aggregate.sql state=distinct_agg space=4096
);
COMMENT ON AGGREGATE mrcall.distinct_agg(text) IS 'Distinct values, approximately, with a relative standard error of 0.81 %';

CREATE AGGREGATE mrcall.distinct_agg(value text, "precision" int) (
    SFUNC = mrcall_internal.distinct_agg_trans,
    FINALFUNC = mrcall_internal.distinct_agg_final,
--@ include templates/parallel_aggregate.sql state=distinct_agg space=4096
);
COMMENT ON AGGREGATE mrcall.distinct_agg(text, int) IS
    'Distinct values, approximately, in two to the power of precision registers';

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
