-- The language of the reports: a sequence of SELECTs. The columns of each but the last are values for those behind it, by name,
-- as the arguments are; the planner takes all of them for constants. EXECUTE name stands for the SELECT that a value has as text.
-- Names and operators of a body are looked up in pg_catalog alone, and yet it is planned and run with the caller's search_path,
-- which the host's policies, views and functions were written for. The first of several statements checks and computes, and reads
-- nothing of the host: errors there have no context but the report's name. See docs/architecture.md.

CREATE FUNCTION mrcall_internal.run_report()
RETURNS language_handler
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'run_report_wrapper';
COMMENT ON FUNCTION mrcall_internal.run_report() IS 'Runs a function of the language mrcall_sql';

CREATE LANGUAGE mrcall_sql HANDLER mrcall_internal.run_report;
COMMENT ON LANGUAGE mrcall_sql IS
    'SELECTs whose own names are those of pg_catalog, run with the caller''s search_path: what mrcall_ext''s reports are written in';

-- Only in a SELECT list, and not of constants alone: the planner must not call it.
CREATE FUNCTION mrcall_internal.fail(code text, message text, hint text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'fail_wrapper';
COMMENT ON FUNCTION mrcall_internal.fail(text, text, text) IS 'Raises an error of a report';

