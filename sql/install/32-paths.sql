-- Paths with their conversions: path_agg, path_credit, path_models, path_transform. Definitions: docs/paths.md.

--@ include templates/state_type.sql type=path_set what="Paths to conversions" rows=rows compared=rows

CREATE FUNCTION mrcall_internal.path_agg_trans(internal, path text[], conversions bigint, value numeric, nulls bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'path_agg_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.path_agg_trans(internal, text[], bigint, numeric, bigint) IS 'Transition of path_agg';

--@ include templates/parallel_functions.sql state=path_agg aggregate=path_agg combine_cost=1 serialize_cost=1
--@ include templates/rollup.sql name=path type=path_set what="path sets" space=65536

CREATE AGGREGATE mrcall.path_agg(path text[], conversions bigint, value numeric, nulls bigint) (
    SFUNC = mrcall_internal.path_agg_trans,
    FINALFUNC = mrcall_internal.path_agg_final,
--@ include templates/parallel_aggregate.sql state=path_agg space=65536
);
COMMENT ON AGGREGATE mrcall.path_agg(text[], bigint, numeric, bigint) IS
    'Paths to conversions: for each path its conversions, their value, and the journeys that did not convert';

CREATE FUNCTION mrcall.paths(paths mrcall.path_set)
RETURNS TABLE (path text[], conversions bigint, value numeric, nulls bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 1000
AS 'MODULE_PATHNAME', 'paths_wrapper';
COMMENT ON FUNCTION mrcall.paths(mrcall.path_set) IS 'The paths of a set in order of their channels'' bytes';

CREATE FUNCTION mrcall.num_paths(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_paths_wrapper';
COMMENT ON FUNCTION mrcall.num_paths(mrcall.path_set) IS 'How many different paths';

CREATE FUNCTION mrcall.num_conversions(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_conversions_wrapper';
COMMENT ON FUNCTION mrcall.num_conversions(mrcall.path_set) IS 'The conversions of all paths';

CREATE FUNCTION mrcall.num_nulls(paths mrcall.path_set)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'num_nulls_wrapper';
COMMENT ON FUNCTION mrcall.num_nulls(mrcall.path_set) IS 'The journeys of all paths that did not convert';

CREATE FUNCTION mrcall.total_value(paths mrcall.path_set)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'total_value_wrapper';
COMMENT ON FUNCTION mrcall.total_value(mrcall.path_set) IS 'The value of all paths, exact';

CREATE FUNCTION mrcall.path_credit(
    paths mrcall.path_set, model text, first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4,
    weights float8[] DEFAULT NULL)
RETURNS TABLE (channel text, conversions float8, value float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'path_credit_wrapper';
COMMENT ON FUNCTION mrcall.path_credit(mrcall.path_set, text, float8, float8, float8[]) IS
    'What each channel earns under a model that needs no times';

CREATE FUNCTION mrcall.path_models(
    paths mrcall.path_set, first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, weights float8[] DEFAULT NULL)
RETURNS TABLE (
    channel text, first_touch_conversions float8, first_touch_value float8, last_touch_conversions float8,
    last_touch_value float8, last_non_direct_conversions float8, last_non_direct_value float8,
    last_paid_conversions float8, last_paid_value float8, linear_conversions float8, linear_value float8,
    position_based_conversions float8, position_based_value float8, u_shaped_conversions float8, u_shaped_value float8,
    j_shaped_conversions float8, j_shaped_value float8, inverse_j_conversions float8, inverse_j_value float8,
    participation_conversions float8, participation_value float8, data_driven_conversions float8, data_driven_value float8,
    custom_conversions float8, custom_value float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 2000 ROWS 20
AS 'MODULE_PATHNAME', 'path_models_wrapper';
COMMENT ON FUNCTION mrcall.path_models(mrcall.path_set, float8, float8, float8[]) IS
    'What each channel earns under every model that needs no times, side by side: the set is read once';

CREATE FUNCTION mrcall.path_transform(path text[], transform text, argument text DEFAULT NULL)
RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5
AS 'MODULE_PATHNAME', 'path_transform_wrapper';
COMMENT ON FUNCTION mrcall.path_transform(text[], text, text) IS
    'A path collapsed, shortened or without a channel: exposure, unique, first, frequency, trim, remove_if_*';
