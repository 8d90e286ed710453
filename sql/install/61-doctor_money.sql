-- doctor: money that webhooks tell of and that no report can place. See docs/conversions.md.
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
