-- Gap filling: locf, interpolate. Definitions: docs/gap_fill.md.

CREATE FUNCTION mrcall.locf(value float8, ts timestamptz, max_gap interval)
RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE WINDOW COST 5
AS 'MODULE_PATHNAME', 'locf_wrapper';
COMMENT ON FUNCTION mrcall.locf(float8, timestamptz, interval) IS
    'Window function: the value, or the last one before it that is at most max_gap old';

CREATE FUNCTION mrcall.interpolate(value float8, ts timestamptz, max_gap interval)
RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE WINDOW COST 5
AS 'MODULE_PATHNAME', 'interpolate_wrapper';
COMMENT ON FUNCTION mrcall.interpolate(float8, timestamptz, interval) IS
    'Window function: the value, or that of the straight line between its neighbours, which are at most max_gap apart';
