-- Where visits go from page to page. Definitions: docs/page_flow.md.

-- A page is a path as events have it. Paths that url_path makes begin with a slash and end before a query; those of a mapping are
-- whatever it says.
CREATE FUNCTION mrcall_internal.check_page(page text, name text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meant text;
BEGIN
    IF page IS NULL OR page ~ '^/[^?#]*$' OR NOT mrcall_internal.path_from_url() THEN
        RETURN;
    END IF;
    meant := CASE WHEN mrcall.url_path(page) IS NOT NULL THEN mrcall.url_path(page)
                  WHEN page ~ '^[^/?#]+[.][^/?#]+/' THEN mrcall.url_path('//' || page)
                  ELSE '/' || ltrim(substring(page FROM '^[^?#]*'), ' /') END;
    RAISE EXCEPTION 'no path can be "%"', page
        USING ERRCODE = '22023', HINT = format('A path begins with / and has neither host, query nor fragment: %s => %L.', name, meant);
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_page(text, text) IS 'Raises the error of a page that no path can be';

CREATE FUNCTION mrcall_internal.check_page_flow(depth int, nodes int)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF depth IS NULL OR nodes IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN depth IS NULL THEN 'depth' ELSE 'nodes' END
            USING ERRCODE = '22004', HINT = CASE WHEN depth IS NULL THEN 'Give a number of steps, for example 5.'
                                                 ELSE 'Give a number of pages, for example 20.' END;
    END IF;
    IF depth NOT BETWEEN 1 AND 20 THEN
        RAISE EXCEPTION 'depth must be from 1 to 20: %', depth
            USING ERRCODE = '22023', HINT = 'To look further, begin at a later page: from_page => ''/pricing''.';
    END IF;
    IF nodes NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'nodes must be from 1 to 1000: %', nodes
            USING ERRCODE = '22023', HINT = 'It is how many pages of each step are told apart; all others are (other).';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_page_flow(int, int) IS 'Raises the errors of the numbers of page_flow';

CREATE FUNCTION mrcall_internal.page_flow_rows(
    since timestamptz, until timestamptz, ids_since timestamptz, read_since timestamptz, read_until timestamptz, from_page text,
    to_page text, depth int, nodes int, gap interval, no_bots boolean)
RETURNS TABLE (step int, source text, target text, visits bigint, visitors bigint, median_time interval)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'page_flow_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.page_flow_rows(
    timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, text, text, int, int, interval, boolean) IS 'The rows of page_flow';

CREATE FUNCTION mrcall.page_flow(
    since timestamptz, until timestamptz, from_page text DEFAULT NULL, to_page text DEFAULT NULL, depth int DEFAULT 5,
    nodes int DEFAULT 20, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false)
RETURNS TABLE (step int, source text, target text, visits bigint, visitors bigint, median_time interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT coalesce(exclude_bots, false) AS no_bots, mrcall_internal.exact(gap, 'gap') AS exact_gap,
           mrcall_internal.check_range(since, until), mrcall_internal.check_page_flow(depth, nodes), mrcall_internal.require_attached(),
           mrcall_internal.check_page(from_page, 'from_page'), mrcall_internal.check_page(to_page, 'to_page'),
           mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)) AS read_since,
           mrcall_internal.earlier(mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)), '24:00:00') AS ids_since,
           mrcall_internal.later(until, mrcall_internal.visit_margin(gap)) AS read_until;
    SELECT f.step, f.source, f.target, f.visits, f.visitors, f.median_time
    FROM mrcall_internal.page_flow_rows(since, until, ids_since, read_since, read_until, from_page, to_page, depth, nodes, exact_gap,
                                        no_bots) AS f
    ORDER BY abs(f.step), f.visits DESC, f.source COLLATE "C", f.target COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.page_flow(timestamptz, timestamptz, text, text, int, int, interval, boolean) IS
    'From which page to which one visits go, step by step from their beginning or a page, or backwards from a page';
