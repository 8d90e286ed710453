-- doctor: money that webhooks tell of and costs that no report can place. See docs/conversions.md and docs/doctor.md.
-- The bodies name views that exist only after attach.

CREATE FUNCTION mrcall_internal.unplaced_money()
RETURNS TABLE (object text, finding text, documents bigint, example text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 4
AS $$
    WITH
--@ include templates/money.sql schema=mrcall.
    unplaced AS (
        SELECT 'stripe_events' AS object, r.conversion_id AS id,
               'refunds, disputes or credit notes of no payment on record, such as %s: none is counted' AS finding
        FROM stripe_returned AS r
        WHERE r.invoice_id IS NULL
        UNION ALL
        SELECT 'stripe_events', f.invoice_id,
               'invoices of which a part is paid but that no event shows as paid, such as %s: none is counted'
        FROM stripe_fact AS f
        WHERE f.kind = 'part' AND f.minor_units > 0 AND NOT EXISTS (SELECT FROM stripe_paid AS p WHERE p.invoice_id = f.invoice_id)
        UNION ALL
        SELECT 'apple_events', a.transaction_id, 'refunds of transactions whose payment is not on record, such as %s: none is counted'
        FROM apple_event AS a
        WHERE a.is_refund AND NOT EXISTS (SELECT FROM apple_paid AS p WHERE p.transaction_id = a.transaction_id)
        UNION ALL
        SELECT 'apple_events', a.transaction_id,
               'upgrades, such as %s: what Apple gives back of the plan before has no amount, and is no refund'
        FROM apple_event AS a
        WHERE a.is_upgrade
    )
    SELECT u.object, u.finding, count(DISTINCT u.id), min(u.id COLLATE "C")
    FROM unplaced AS u
    GROUP BY u.object, u.finding
$$;
COMMENT ON FUNCTION mrcall_internal.unplaced_money() IS 'How much of what webhooks tell about money no report can place';

CREATE FUNCTION mrcall_internal.check_money()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 4
AS $$
    SELECT 'info', u.object, pg_catalog.concat(u.documents, ' ', pg_catalog.format(u.finding, u.example)), NULL
    FROM mrcall_internal.unplaced_money() AS u
$$;
COMMENT ON FUNCTION mrcall_internal.check_money() IS 'doctor: money that no report can place';

CREATE FUNCTION mrcall_internal.check_spend()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF has_table_privilege('mrcall.spend', 'SELECT') AND has_table_privilege('mrcall.channel_rule', 'SELECT') THEN
        RETURN QUERY
        WITH known AS (
            SELECT mrcall_internal.channels() || array_agg(r.channel ORDER BY r.channel COLLATE "C") AS channels
            FROM mrcall.channel_rule AS r
        )
        SELECT 'warning'::text, 'spend.channel'::text,
               format('%s rows of channel "%s", which no report has: their costs stand beside nothing (is it "%s"?)', count(*), s.channel,
                      mrcall_internal.nearest_name(s.channel, k.channels)),
               format('SELECT * FROM mrcall.spend WHERE channel = %L;', s.channel)
        FROM mrcall.spend AS s
        CROSS JOIN known AS k
        WHERE s.channel COLLATE "C" <> ALL (k.channels)
        GROUP BY s.channel COLLATE "C", s.channel, k.channels
        ORDER BY count(*) DESC, s.channel COLLATE "C"
        LIMIT 20;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_spend() IS 'doctor: costs of channels that there are not';
