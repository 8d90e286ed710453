CREATE FUNCTION mrcall_internal.{name}_agg_final(internal)
RETURNS mrcall.{type}
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '{name}_agg_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.{name}_agg_final(internal) IS 'Final function of {name}_agg';

CREATE FUNCTION mrcall_internal.{name}_rollup_trans(internal, mrcall.{type})
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', '{name}_rollup_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.{name}_rollup_trans(internal, mrcall.{type}) IS 'Transition of rollup';

CREATE AGGREGATE mrcall.rollup(mrcall.{type}) (
    SFUNC = mrcall_internal.{name}_rollup_trans,
    FINALFUNC = mrcall_internal.{name}_agg_final,
    STYPE = internal,
    SSPACE = {space},
    COMBINEFUNC = mrcall_internal.{name}_agg_combine,
    SERIALFUNC = mrcall_internal.{name}_agg_serialize,
    DESERIALFUNC = mrcall_internal.{name}_agg_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall.rollup(mrcall.{type}) IS
    'Merges stored {what}: what {name}_agg over all of their rows gives';
