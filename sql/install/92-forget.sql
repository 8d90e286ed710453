-- Erasure. Definitions: docs/forget.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall.forget(customer_id text)
RETURNS TABLE (object text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000 ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    person constant text := customer_id;
    business_ids text[];
BEGIN
    IF person IS NULL THEN
        RAISE EXCEPTION 'argument "customer_id" must not be NULL' USING ERRCODE = '22004',
            HINT = 'Give the id of the customer: SELECT * FROM mrcall.forget(''customer id'');';
    END IF;
    PERFORM mrcall_internal.require_attached();
    SELECT coalesce(array_agg(b.business_id), '{}') INTO business_ids
    FROM mrcall.businesses AS b
    WHERE b.owner = person AND b.business_id IS NOT NULL;

    object := 'mrcall.session_archive';
    DELETE FROM mrcall.session_archive AS a WHERE a.owner = person OR a.business_id = ANY (business_ids);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    object := 'mrcall_internal.first_call';
    DELETE FROM mrcall_internal.first_call AS f WHERE f.business_id = ANY (business_ids);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    object := 'mrcall_internal.first_contact';
    DELETE FROM mrcall_internal.first_contact AS f WHERE f.business_id = ANY (business_ids);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION mrcall.forget(text) IS
    'Removes what the extension itself keeps about a customer; returns how many rows of each table';
