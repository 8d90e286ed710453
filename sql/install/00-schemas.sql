-- The control file's schema, mrcall, holds what users call; this one holds all that it is made of.
CREATE SCHEMA mrcall_internal AUTHORIZATION @extowner@;
COMMENT ON SCHEMA mrcall_internal IS 'What the functions and views of schema mrcall are made of; not for callers';

