-- Own rules: what belongs to the kept tables channel_rule and ignored_referrer.

-- A seed row that is deleted stays as switched off, so that the next attach does not bring it back; one that is inserted again
-- replaces the one that is there.
CREATE FUNCTION mrcall_internal.keep_ignored_referrer()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE mrcall.ignored_referrer AS i SET ignored = NEW.ignored WHERE i.domain = NEW.domain;
        RETURN CASE WHEN FOUND THEN NULL ELSE NEW END;
    END IF;
    IF OLD.domain = ANY (mrcall_internal.ignored_referrer_seed()) THEN
        UPDATE mrcall.ignored_referrer AS i SET ignored = false WHERE i.domain = OLD.domain AND i.ignored;
        RAISE NOTICE 'built-in host "%" stays with ignored = false', OLD.domain;
        RETURN NULL;
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION mrcall_internal.keep_ignored_referrer() IS 'Keeps mrcall.ignored_referrer whole over installations';

-- The trigger goes with the extension, and is made anew.
CREATE FUNCTION mrcall_internal.seed_ignored_referrers()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO mrcall.ignored_referrer (domain)
    SELECT s.domain FROM unnest(mrcall_internal.ignored_referrer_seed()) AS s (domain)
    WHERE NOT EXISTS (SELECT FROM mrcall.ignored_referrer AS i WHERE i.domain = s.domain);
    IF NOT EXISTS (SELECT FROM pg_trigger AS t
                   WHERE t.tgrelid = 'mrcall.ignored_referrer'::regclass AND t.tgname = 'keep_ignored_referrer') THEN
        CREATE TRIGGER keep_ignored_referrer BEFORE INSERT OR DELETE ON mrcall.ignored_referrer
        FOR EACH ROW EXECUTE FUNCTION mrcall_internal.keep_ignored_referrer();
        COMMENT ON TRIGGER keep_ignored_referrer ON mrcall.ignored_referrer IS 'See mrcall_internal.keep_ignored_referrer';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.seed_ignored_referrers() IS 'Fills mrcall.ignored_referrer with the built-in hosts that it lacks';

CREATE FUNCTION mrcall_internal.ignored_referrers()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 20
AS $$ SELECT COALESCE(pg_catalog.array_agg(i.domain), '{}') FROM mrcall.ignored_referrer AS i WHERE i.ignored $$;
COMMENT ON FUNCTION mrcall_internal.ignored_referrers() IS 'The hosts of mrcall.ignored_referrer that count';
