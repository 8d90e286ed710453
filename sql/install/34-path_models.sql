-- Markov and Shapley credit, and intervals for the shares. Definitions: docs/models/markov.md, docs/models/shapley.md.

CREATE FUNCTION mrcall.markov(paths mrcall.path_set, markov_order int DEFAULT 1)
RETURNS TABLE (channel text, conversions float8, value float8, removal_effect float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5000 ROWS 20
AS 'MODULE_PATHNAME', 'markov_wrapper';
COMMENT ON FUNCTION mrcall.markov(mrcall.path_set, int) IS
    'What each channel earns by its removal effect in the Markov chain of all journeys';

CREATE FUNCTION mrcall.shapley(
    paths mrcall.path_set, game text DEFAULT 'total', samples int DEFAULT 5000, seed bigint DEFAULT 42)
RETURNS TABLE (channel text, conversions float8, value float8, std_error float8, value_std_error float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 5000 ROWS 20
AS 'MODULE_PATHNAME', 'shapley_wrapper';
COMMENT ON FUNCTION mrcall.shapley(mrcall.path_set, text, int, bigint) IS
    'What each channel earns by its Shapley value; sampled, with its standard error, where it is not exact';

-- For explain_conversion.
CREATE FUNCTION mrcall_internal.data_driven_weights(paths mrcall.path_set, path text[])
RETURNS TABLE (touch_no int, weight float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000 ROWS 4
AS 'MODULE_PATHNAME', 'data_driven_weights_wrapper';
COMMENT ON FUNCTION mrcall_internal.data_driven_weights(mrcall.path_set, text[]) IS
    'The weight of each touch of a path under the model data_driven that the paths of a set teach';

CREATE FUNCTION mrcall.path_interval(
    paths mrcall.path_set, model text, markov_order int DEFAULT 1, game text DEFAULT 'total',
    replicates int DEFAULT 1000, level float8 DEFAULT 0.95, seed bigint DEFAULT 42)
RETURNS TABLE (channel text, share float8, lower float8, upper float8, std_error float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 1000000 ROWS 20
AS 'MODULE_PATHNAME', 'path_interval_wrapper';
COMMENT ON FUNCTION mrcall.path_interval(mrcall.path_set, text, int, text, int, float8, bigint) IS
    'Each channel''s share of the credit under a model, with a bootstrap interval over journeys';
