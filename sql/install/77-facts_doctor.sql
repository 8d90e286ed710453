-- doctor: facts of which nothing is read, or which nobody refreshes. See docs/doctor.md.

-- Why what is stored is of no use, and what mends it; the first reason alone, as the others may come from it.
CREATE FUNCTION mrcall_internal.useless_facts()
RETURNS TABLE (object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state;
    fault record;
    missing bigint;
BEGIN
    SELECT s.* INTO state FROM mrcall_internal.fact_state AS s WHERE s.fact = 'visits';
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT r.name, 'has triggers of mrcall.maintain, and no facts are kept, as after a restore (the fix locks the table for a moment)',
               'SELECT mrcall.maintain();'
        FROM unnest(mrcall_internal.fact_sources()) AS r (name);
        RETURN;
    END IF;
    -- What others may not see is no fault of the table.
    IF pg_has_role(mrcall_internal.owner(), 'USAGE') THEN
        SELECT f.message, f.hint INTO fault FROM mrcall_internal.source_fault(state.source) AS f;
        IF FOUND THEN
            RETURN QUERY
            SELECT 'mrcall.visit', format('no refresh can store visits: %s. %s (The fix ends mrcall.maintain, and locks the table for a '
                                          'moment.)', fault.message, fault.hint), 'SELECT mrcall.unmaintain();';
            RETURN;
        END IF;
    END IF;
    missing := 4 - mrcall_internal.enabled_triggers(state.source);
    IF missing > 0 THEN
        RETURN QUERY
        SELECT 'mrcall.visit', format('stored visits are not read: %s triggers of mrcall.maintain on %s are missing or disabled '
                                      '(the fix locks the table for a moment)', missing, state.source),
               'SELECT mrcall.unmaintain(), mrcall.maintain();';
    ELSIF mrcall_internal.fact_fault(state) IS NOT NULL THEN
        RETURN QUERY
        SELECT 'mrcall.visit', format('stored visits are not read: %s', mrcall_internal.fact_fault(state)), 'CALL mrcall.refresh();';
    ELSIF EXISTS (SELECT FROM mrcall_internal.fact_change AS c WHERE c.key IS NULL) THEN
        RETURN QUERY
        SELECT 'mrcall.visit', 'stored visits are not read: a large load stands in the ledger as days', 'CALL mrcall.refresh();';
    ELSIF state.refreshed_at IS NULL OR least(state.refreshed_at, state.stored_until) < clock_timestamp() - interval '1 hour' THEN
        RETURN QUERY
        SELECT 'mrcall.visit',
               format('no refresh has ended %s, and visits are stored until %s: who comes later is read from the events%s',
                      coalesce('since ' || date_trunc('second', state.refreshed_at), 'yet'), date_trunc('second', state.stored_until),
                      '; it waits for ' || state.waiting_for), 'CALL mrcall.refresh();';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.useless_facts() IS 'Why stored visits are not read, or not kept up to date; no row where they are';

CREATE FUNCTION mrcall_internal.check_freshness()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT has_table_privilege('mrcall_internal.fact_state', 'SELECT')
       OR NOT has_table_privilege('mrcall_internal.fact_change', 'SELECT') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'warning', u.object, u.finding, u.fix FROM mrcall_internal.useless_facts() AS u
    UNION ALL
    SELECT 'warning', 'mrcall.visit',
           format('%s visitors cannot be stored, and are read from their events: %s', count(DISTINCT c.key), min(c.problem COLLATE "C")),
           'SELECT DISTINCT key, problem FROM mrcall_internal.fact_change WHERE problem IS NOT NULL;'
    FROM mrcall_internal.fact_change AS c
    WHERE c.problem IS NOT NULL
    HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_freshness() IS 'doctor: facts of which nothing is read, or which nobody refreshes';
