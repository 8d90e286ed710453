-- What the extension itself keeps: how the sources are mapped, own channel rules, ignored referrers. All of it belongs to
-- who installed the extension, and is dumped with the database.

CREATE TABLE mrcall.source (
    logical_table text COLLATE "C" PRIMARY KEY,
    relation text,
    key_expression text,
    columns jsonb NOT NULL,
    version text NOT NULL,
    begins_at timestamptz
);
COMMENT ON TABLE mrcall.source IS 'Where each logical table comes from; written by mrcall.attach';
COMMENT ON COLUMN mrcall.source.logical_table IS 'The name of the logical table, which is that of its view';
COMMENT ON COLUMN mrcall.source.relation IS 'The physical table, quoted and qualified; NULL where the logical table is left out';
COMMENT ON COLUMN mrcall.source.key_expression IS 'What the key of the logical table is made from';
COMMENT ON COLUMN mrcall.source.columns IS 'The expression of each logical column, null where it is left out';
COMMENT ON COLUMN mrcall.source.version IS 'The version of the extension that attached it';
COMMENT ON COLUMN mrcall.source.begins_at IS
    'Of events: the earliest instant that attach has seen, by which reports know what was dropped since; NULL where it saw none';

CREATE TABLE mrcall.channel_rule (
    position int PRIMARY KEY,
    channel text NOT NULL CONSTRAINT channel_rule_channel_check CHECK (channel OPERATOR(pg_catalog.<>) ''),
    source_pattern text,
    medium_pattern text,
    campaign_pattern text,
    referrer_pattern text,
    -- Matching each pattern once refuses a bad one when it is written.
    CONSTRAINT channel_rule_pattern_check CHECK (
        (source_pattern IS NOT NULL OR medium_pattern IS NOT NULL OR campaign_pattern IS NOT NULL OR referrer_pattern IS NOT NULL)
        AND pg_catalog.regexp_count('', COALESCE(source_pattern, 'x')) OPERATOR(pg_catalog.>=) 0
        AND pg_catalog.regexp_count('', COALESCE(medium_pattern, 'x')) OPERATOR(pg_catalog.>=) 0
        AND pg_catalog.regexp_count('', COALESCE(campaign_pattern, 'x')) OPERATOR(pg_catalog.>=) 0
        AND pg_catalog.regexp_count('', COALESCE(referrer_pattern, 'x')) OPERATOR(pg_catalog.>=) 0)
);
COMMENT ON TABLE mrcall.channel_rule IS
    'Own channel rules; the first by position whose patterns all match wins over the built-in ones';
COMMENT ON COLUMN mrcall.channel_rule.position IS 'The order in which the rules are tried';
COMMENT ON COLUMN mrcall.channel_rule.channel IS 'The channel that a touch gets';
COMMENT ON COLUMN mrcall.channel_rule.source_pattern IS
    'Regular expression on the source, case-insensitive; NULL matches anything';
COMMENT ON COLUMN mrcall.channel_rule.medium_pattern IS 'Regular expression on the medium; NULL matches anything';
COMMENT ON COLUMN mrcall.channel_rule.campaign_pattern IS 'Regular expression on the campaign; NULL matches anything';
COMMENT ON COLUMN mrcall.channel_rule.referrer_pattern IS 'Regular expression on the referrer''s domain; NULL matches anything';

CREATE TABLE mrcall.ignored_referrer (
    domain text COLLATE "C" PRIMARY KEY
        CONSTRAINT ignored_referrer_domain_check CHECK (domain OPERATOR(pg_catalog.~) '^[a-z0-9][a-z0-9._-]*$'),
    ignored boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE mrcall.ignored_referrer IS
    'Hosts, with their subdomains, that a visitor comes back from without a new arrival: payment and login pages';
COMMENT ON COLUMN mrcall.ignored_referrer.domain IS 'The host in lower case';
COMMENT ON COLUMN mrcall.ignored_referrer.ignored IS 'False switches a built-in host off';

INSERT INTO mrcall.ignored_referrer (domain)
SELECT seed.domain FROM pg_catalog.unnest(mrcall_internal.ignored_referrer_seed()) AS seed (domain);

-- A restore loads the rows of the dump over the seed of the new installation: the row that comes replaces the one that is
-- there. A seed row that is deleted stays as switched off, so that a dump knows of it.
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
COMMENT ON FUNCTION mrcall_internal.keep_ignored_referrer() IS 'Keeps mrcall.ignored_referrer whole over dump and restore';

CREATE TRIGGER keep_ignored_referrer
BEFORE INSERT OR DELETE ON mrcall.ignored_referrer
FOR EACH ROW EXECUTE FUNCTION mrcall_internal.keep_ignored_referrer();
COMMENT ON TRIGGER keep_ignored_referrer ON mrcall.ignored_referrer IS 'See mrcall_internal.keep_ignored_referrer';

CREATE FUNCTION mrcall_internal.ignored_referrers()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 20
AS $$ SELECT COALESCE(pg_catalog.array_agg(i.domain), '{}') FROM mrcall.ignored_referrer AS i WHERE i.ignored $$;
COMMENT ON FUNCTION mrcall_internal.ignored_referrers() IS 'The hosts of mrcall.ignored_referrer that count';

ALTER TABLE mrcall.source OWNER TO @extowner@;
ALTER TABLE mrcall.channel_rule OWNER TO @extowner@;
ALTER TABLE mrcall.ignored_referrer OWNER TO @extowner@;

SELECT pg_catalog.pg_extension_config_dump('mrcall.source', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall.channel_rule', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall.ignored_referrer', '');
