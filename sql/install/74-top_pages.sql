-- Top pages. Definitions: docs/top_pages.md.

CREATE FUNCTION mrcall_internal.check_most(most int)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF most < 0 THEN
        RAISE EXCEPTION 'most must not be negative: %', most USING ERRCODE = '22023', HINT = 'Leave it NULL for all pages.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_most(int) IS 'Raises the error of a negative number of rows';

CREATE FUNCTION mrcall_internal.page_figures(
    since timestamptz, until timestamptz, ids_since timestamptz, read_since timestamptz, read_until timestamptz, gap interval,
    no_bots boolean)
RETURNS TABLE (
    page text, pageviews bigint, visitors bigint, visits bigint, entries bigint, exits bigint, bounces bigint, timed bigint,
    days bigint, micros bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'page_figures_wrapper';
COMMENT ON FUNCTION mrcall_internal.page_figures(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, interval, boolean) IS
    'What top_pages counts of each page; timed: the page views that another one follows, days and micros: the time up to it';

CREATE FUNCTION mrcall.top_pages(
    since timestamptz, until timestamptz, most int DEFAULT 20, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false)
RETURNS TABLE (
    page text, pageviews bigint, visitors bigint, visits bigint, entries bigint, exits bigint, bounces bigint,
    bounce_rate numeric, exit_rate numeric, mean_time interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
AS $$
    SELECT coalesce(exclude_bots, false) AS no_bots, mrcall_internal.exact(gap, 'gap') AS exact_gap,
           mrcall_internal.check_range(since, until), mrcall_internal.check_most(most), mrcall_internal.require_attached(),
           mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)) AS read_since,
           mrcall_internal.earlier(mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)), '24:00:00') AS ids_since,
           mrcall_internal.later(until, mrcall_internal.visit_margin(gap)) AS read_until;
    -- A visit that goes on across a border of the range neither enters nor leaves there.
    SELECT f.page, f.pageviews, f.visitors, f.visits, f.entries, f.exits, f.bounces, round(f.bounces / nullif(f.entries, 0)::numeric, 6),
           round(f.exits / f.pageviews::numeric, 6),
           -- In microseconds, so that the mean does not depend on the order of rows.
           round((f.days * 86400000000.000000 + f.micros) / nullif(f.timed, 0)) * interval '1 microsecond'
    FROM mrcall_internal.page_figures(since, until, ids_since, read_since, read_until, exact_gap, no_bots) AS f
    ORDER BY f.pageviews DESC, f.page COLLATE "C"
    LIMIT most
$$;
COMMENT ON FUNCTION mrcall.top_pages(timestamptz, timestamptz, int, interval, boolean) IS
    'The pages that are viewed most: page views, visitors, visits, entries, exits, bounces and time on the page';
