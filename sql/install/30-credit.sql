-- The credit of the touches of one conversion. Definitions: docs/attribution.md.

CREATE FUNCTION mrcall.credit(
    touched_at timestamptz[], channels text[], converted_at timestamptz, model text,
    lookback interval DEFAULT '30 days', half_life interval DEFAULT '7 days',
    first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4,
    signup_at timestamptz DEFAULT NULL, business_at timestamptz DEFAULT NULL, weights float8[] DEFAULT NULL)
RETURNS TABLE (touch_no int, channel text, touched_at timestamptz, weight float8)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20 ROWS 4
AS 'MODULE_PATHNAME', 'credit_wrapper';
COMMENT ON FUNCTION mrcall.credit(
    timestamptz[], text[], timestamptz, text, interval, interval, float8, float8, timestamptz, timestamptz, float8[]) IS
    'The weight of each touch of one conversion under a model; the weights of every additive model sum to 1';

CREATE FUNCTION mrcall.models()
RETURNS TABLE (model text, additive boolean, needs text, description text)
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 ROWS 16
AS 'MODULE_PATHNAME', 'models_wrapper';
COMMENT ON FUNCTION mrcall.models() IS
    'The attribution models: whether their credits sum to the conversions, and what they look at';

CREATE FUNCTION mrcall_internal.split_amount(amount text, weights float8[], scale int)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'split_amount_wrapper';
COMMENT ON FUNCTION mrcall_internal.split_amount(text, float8[], int) IS 'split_amount on decimal text';

CREATE FUNCTION mrcall.split_amount(amount numeric, weights float8[], scale int)
RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 25
AS $$ SELECT mrcall_internal.split_amount(amount::pg_catalog.text, weights, scale)::pg_catalog.numeric[] $$;
COMMENT ON FUNCTION mrcall.split_amount(numeric, float8[], int) IS
    'An amount split in proportion to weights by largest remainder: the parts sum to it to the last digit';

CREATE FUNCTION mrcall_internal.exact(duration interval, name text)
RETURNS interval
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'exact_wrapper';
COMMENT ON FUNCTION mrcall_internal.exact(interval, text) IS
    'A duration without days, a day being 24 hours; 22023 for months and for less than zero';

CREATE FUNCTION mrcall_internal.check_model(
    model text, lookback interval, half_life interval, first_weight float8, last_weight float8, weights float8[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- No touches: only the model and its options are checked. Those over all journeys have no options here.
    PERFORM FROM mrcall.credit(
        '{}'::timestamptz[], '{}'::text[], '2000-01-01 00:00Z'::timestamptz,
        CASE WHEN model IN ('data_driven', 'markov', 'shapley') THEN 'linear' ELSE model END, lookback, half_life, first_weight,
        last_weight, weights => weights);
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_model(text, interval, interval, float8, float8, float8[]) IS
    'Raises the errors of an unknown model and of its options';
