    STYPE = internal,
    SSPACE = {space},
    COMBINEFUNC = mrcall_internal.{state}_combine,
    SERIALFUNC = mrcall_internal.{state}_serialize,
    DESERIALFUNC = mrcall_internal.{state}_deserialize,
    PARALLEL = SAFE
