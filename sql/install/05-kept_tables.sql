-- What cannot be computed again: how the sources are mapped, own rules, spend, archived calls, what outlives deleted ones. These
-- tables are no members of the extension: attach makes them or takes over those that are there, DROP EXTENSION leaves them, pg_dump
-- dumps them as any other. So they are of built-in types, and nothing of them needs the extension but what attach makes anew.

-- A row for each table; one more here, and its columns below, is all that a new one takes.
CREATE FUNCTION mrcall_internal.kept_tables()
RETURNS TABLE (relation text, constraints text, indexes text, what text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
AS $$
    VALUES
    ('mrcall.source', 'CONSTRAINT source_pkey PRIMARY KEY (logical_table)', NULL,
     'Where each logical table comes from; written by mrcall.attach'),
    -- Matching each pattern once refuses a bad one when it is written.
    ('mrcall.channel_rule', 'CONSTRAINT channel_rule_pkey PRIMARY KEY ("position"),
        CONSTRAINT channel_rule_channel_check CHECK (channel OPERATOR(pg_catalog.<>) ''''),
        CONSTRAINT channel_rule_pattern_check CHECK (
            (source_pattern IS NOT NULL OR medium_pattern IS NOT NULL OR campaign_pattern IS NOT NULL OR referrer_pattern IS NOT NULL
             OR landing_host_pattern IS NOT NULL OR landing_path_pattern IS NOT NULL)
            AND pg_catalog.regexp_count('''', COALESCE(source_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0
            AND pg_catalog.regexp_count('''', COALESCE(medium_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0
            AND pg_catalog.regexp_count('''', COALESCE(campaign_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0
            AND pg_catalog.regexp_count('''', COALESCE(referrer_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0
            AND pg_catalog.regexp_count('''', COALESCE(landing_host_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0
            AND pg_catalog.regexp_count('''', COALESCE(landing_path_pattern, ''x'')) OPERATOR(pg_catalog.>=) 0)', NULL,
     'Own channel rules; the first by position whose patterns all match wins over the built-in ones'),
    ('mrcall.ignored_referrer', 'CONSTRAINT ignored_referrer_pkey PRIMARY KEY (domain),
        CONSTRAINT ignored_referrer_domain_check CHECK (domain OPERATOR(pg_catalog.~) ''^[a-z0-9][a-z0-9._-]*$'')', NULL,
     'Hosts, with their subdomains, that a visitor comes back from without a new arrival: payment and login pages'),
    -- A backslash (92) that escapes nothing would fail every report.
    ('mrcall.goal', 'CONSTRAINT goal_pkey PRIMARY KEY (name),
        CONSTRAINT goal_name_check CHECK (pg_catalog.btrim(name) OPERATOR(pg_catalog.<>) ''''),
        CONSTRAINT goal_any_check CHECK (event_type IS NOT NULL OR page_pattern IS NOT NULL),
        CONSTRAINT goal_page_pattern_check CHECK (
            (pg_catalog.length(page_pattern)
             OPERATOR(pg_catalog.-) pg_catalog.length(pg_catalog.rtrim(page_pattern, pg_catalog.chr(92))))
            OPERATOR(pg_catalog.%) 2 OPERATOR(pg_catalog.=) 0)', NULL,
     'What visitors are to do: events that fit are key events, and conversions of the kind goal:name'),
    ('mrcall.spend', 'CONSTRAINT spend_key UNIQUE NULLS NOT DISTINCT (day, channel, campaign, currency),
        CONSTRAINT spend_day_check CHECK (pg_catalog.isfinite(day)),
        CONSTRAINT spend_channel_check CHECK (channel OPERATOR(pg_catalog.<>) ''''),
        CONSTRAINT spend_cost_check
            CHECK (cost OPERATOR(pg_catalog.>=) 0 AND cost OPERATOR(pg_catalog.<) ''Infinity''::pg_catalog.numeric),
        CONSTRAINT spend_currency_check CHECK (currency OPERATOR(pg_catalog.~) ''^[A-Z]{3}$'')', NULL,
     'What advertising cost, by day, channel and campaign; mrcall.roas puts it beside what it brought'),
    -- The indexes: what is due next, and reports over all businesses, are a range of time; a call is known by its id.
    ('mrcall.session_archive', 'CONSTRAINT session_archive_pkey PRIMARY KEY (business_id, started_at, call_id)',
     'CREATE INDEX session_archive_started_at_idx ON mrcall.session_archive (started_at);
        CREATE INDEX session_archive_call_id_idx ON mrcall.session_archive (call_id)',
     'Calls that retention took out of the sessions table, without their documents; the view mrcall.calls has them too'),
    ('mrcall_internal.first_call', 'CONSTRAINT first_call_pkey PRIMARY KEY (business_id)', NULL,
     'The earliest call that retention deleted, per business'),
    ('mrcall_internal.first_contact', 'CONSTRAINT first_contact_pkey PRIMARY KEY (business_id, caller_hash)', NULL,
     'When a caller, known by a keyed hash only, first made a call that retention deleted'),
    -- Made with the first hash, not with the table: a restore brings the key that the hashes in the dump were made with.
    ('mrcall_internal.caller_key', 'CONSTRAINT caller_key_pkey PRIMARY KEY (is_only), CONSTRAINT caller_key_is_only_check CHECK (is_only)',
     NULL, 'The random key of the hashes in mrcall_internal.first_contact; without it they name nobody'),
    ('mrcall.retention_run', 'CONSTRAINT retention_run_pkey PRIMARY KEY (started_at)', NULL,
     'What each run of mrcall.apply_session_retention did, written with every batch'),
    ('mrcall.audit', 'CONSTRAINT audit_action_check CHECK (action OPERATOR(pg_catalog.<>) '''')', NULL,
     'Who ran forget, retention or attach, when, and what came of it; it names no customer'),
    ('mrcall_internal.granted_right', 'CONSTRAINT granted_right_pkey PRIMARY KEY (role, kind, object)', NULL,
     'What mrcall.grant_read granted that the role did not have before: what mrcall.revoke_read takes back'),
    ('mrcall_internal.detached_grant', 'CONSTRAINT detached_grant_pkey PRIMARY KEY (relation, grantee, privilege)', NULL,
     'Who could read the views that mrcall.detach dropped; mrcall.attach grants it again')
$$;
COMMENT ON FUNCTION mrcall_internal.kept_tables() IS 'The tables that outlive the extension, with their constraints and indexes';

CREATE FUNCTION mrcall_internal.kept_columns()
RETURNS TABLE (relation text, name text, type text, attributes text, what text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
AS $$
    VALUES
    ('mrcall.source', 'logical_table', 'text', 'COLLATE "C" NOT NULL', 'The name of the logical table, which is that of its view'),
    ('mrcall.source', 'relation', 'text', '',
     'The physical table, quoted and qualified, or the view over several; NULL where the logical table is left out'),
    ('mrcall.source', 'key_expression', 'text', '', 'What the key of the logical table is made from'),
    ('mrcall.source', 'columns', 'jsonb', 'NOT NULL', 'The expression of each logical column, null where it is left out'),
    ('mrcall.source', 'version', 'text', 'NOT NULL', 'The version of the extension that attached it'),
    ('mrcall.source', 'is_default', 'boolean', 'NOT NULL DEFAULT false',
     'Whether attach() without a mapping takes it: it was there before a detach, or before this installation'),
    ('mrcall.source', 'begins_at', 'timestamp with time zone', '',
     'Of events: the earliest that attach has seen, by which reports know what was dropped since; NULL where it saw none'),
    ('mrcall.source', 'parts', 'text[]', '', 'The physical tables that the rows lie in, where attach was given several'),

    ('mrcall.channel_rule', 'position', 'integer', 'NOT NULL', 'The order in which the rules are tried'),
    ('mrcall.channel_rule', 'channel', 'text', 'NOT NULL', 'The channel that a touch gets'),
    ('mrcall.channel_rule', 'source_pattern', 'text', '', 'Regular expression on the source, case-insensitive; NULL matches anything'),
    ('mrcall.channel_rule', 'medium_pattern', 'text', '', 'Regular expression on the medium; NULL matches anything'),
    ('mrcall.channel_rule', 'campaign_pattern', 'text', '', 'Regular expression on the campaign; NULL matches anything'),
    ('mrcall.channel_rule', 'referrer_pattern', 'text', '',
     'Regular expression on the referrer''s domain; NULL matches anything'),
    ('mrcall.channel_rule', 'landing_host_pattern', 'text', '',
     'Regular expression on the host of the page where the visitor arrived; NULL matches anything'),
    ('mrcall.channel_rule', 'landing_path_pattern', 'text', '',
     'Regular expression on the path of that page, as touches.landing_page has it; NULL matches anything'),

    ('mrcall.ignored_referrer', 'domain', 'text', 'COLLATE "C" NOT NULL', 'The host in lower case'),
    ('mrcall.ignored_referrer', 'ignored', 'boolean', 'NOT NULL DEFAULT true', 'False switches a built-in host off'),

    ('mrcall.goal', 'name', 'text', 'COLLATE "C" NOT NULL', 'The goal; its conversions are of the kind goal:name'),
    ('mrcall.goal', 'event_type', 'text', '', 'The type of the events that fit; NULL for page views'),
    ('mrcall.goal', 'page_pattern', 'text', '', 'The path of their page, as LIKE has it; NULL for any'),

    ('mrcall.spend', 'day', 'date', 'NOT NULL', 'The day, in the zone that mrcall.roas is given'),
    ('mrcall.spend', 'channel', 'text', 'NOT NULL', 'A channel as in mrcall.touches'),
    ('mrcall.spend', 'campaign', 'text', '', 'A campaign as in mrcall.touches; NULL where the cost belongs to none'),
    ('mrcall.spend', 'cost', 'numeric', 'NOT NULL', 'In units of the currency, zero or above'),
    ('mrcall.spend', 'currency', 'text', 'NOT NULL', 'ISO 4217 in upper case'),

    ('mrcall.session_archive', 'business_id', 'text', 'NOT NULL', 'As calls.business_id'),
    ('mrcall.session_archive', 'started_at', 'timestamp with time zone', 'NOT NULL', 'As calls.started_at'),
    ('mrcall.session_archive', 'call_id', 'text', 'NOT NULL', 'As calls.call_id'),
    ('mrcall.session_archive', 'ended_at', 'timestamp with time zone', '', 'As calls.ended_at when the call was archived'),
    ('mrcall.session_archive', 'owner', 'text', '', 'As calls.owner'),
    ('mrcall.session_archive', 'outcome', 'text', '', 'As calls.outcome'),
    ('mrcall.session_archive', 'answered', 'boolean', '', 'As calls.answered'),
    ('mrcall.session_archive', 'caller', 'text', '', 'As calls.caller: kept as it is until the call is deleted'),
    ('mrcall.session_archive', 'medium', 'text', '', 'As calls.medium'),
    ('mrcall.session_archive', 'language', 'text', '', 'As calls.language'),
    ('mrcall.session_archive', 'last_state', 'text', '', 'As calls.last_state'),
    ('mrcall.session_archive', 'answered_at', 'timestamp with time zone', '', 'As calls.answered_at'),
    ('mrcall.session_archive', 'direction', 'text', '', 'As calls.direction'),
    ('mrcall.session_archive', 'agent', 'text', '', 'As calls.agent'),

    ('mrcall_internal.first_call', 'business_id', 'text', 'NOT NULL', 'As calls.business_id'),
    ('mrcall_internal.first_call', 'call_id', 'text', 'NOT NULL', 'As calls.call_id of that call'),
    ('mrcall_internal.first_call', 'first_call_at', 'timestamp with time zone', 'NOT NULL', 'As calls.started_at of that call'),

    ('mrcall_internal.first_contact', 'business_id', 'text', 'NOT NULL', 'As calls.business_id'),
    ('mrcall_internal.first_contact', 'caller_hash', 'bytea', 'NOT NULL',
     'mrcall_internal.caller_hash of the key, the business and the caller'),
    ('mrcall_internal.first_contact', 'first_at', 'timestamp with time zone', 'NOT NULL',
     'As calls.started_at of the earliest of those calls'),

    ('mrcall_internal.caller_key', 'is_only', 'boolean', 'NOT NULL DEFAULT true', 'Always true: there is one key'),
    ('mrcall_internal.caller_key', 'key', 'bytea', 'NOT NULL', '32 random bytes'),

    ('mrcall.retention_run', 'started_at', 'timestamp with time zone', 'NOT NULL', 'When the run began'),
    ('mrcall.retention_run', 'role', 'name', 'NOT NULL', 'Who ran it'),
    ('mrcall.retention_run', 'updated_at', 'timestamp with time zone', 'NOT NULL', 'When its last batch was done'),
    ('mrcall.retention_run', 'finished_at', 'timestamp with time zone', '',
     'When nothing more was due; NULL of a run that was interrupted, or did one batch'),
    ('mrcall.retention_run', 'batches', 'integer', 'NOT NULL', 'Batches'),
    ('mrcall.retention_run', 'archived', 'bigint', 'NOT NULL', 'Calls that went into mrcall.session_archive'),
    ('mrcall.retention_run', 'deleted', 'bigint', 'NOT NULL', 'Calls that were deleted, from the sessions table or from the archive'),
    ('mrcall.retention_run', 'chunks_dropped', 'integer', 'NOT NULL', 'Chunks of the hypertable that were dropped whole'),

    ('mrcall.audit', 'at', 'timestamp with time zone', 'NOT NULL',
     'When; of a retention run when it began, as retention_run.started_at'),
    ('mrcall.audit', 'role', 'name', 'NOT NULL', 'The role that ran it'),
    ('mrcall.audit', 'login', 'name', 'NOT NULL', 'The role that had logged in'),
    ('mrcall.audit', 'action', 'text', 'NOT NULL', 'forget, retention or attach'),
    ('mrcall.audit', 'result', 'jsonb', 'NOT NULL',
     'forget: rows removed by table; retention: calls archived and deleted, chunks dropped, batches; attach: what is read for what'),

    ('mrcall_internal.granted_right', 'role', 'name', 'NOT NULL', 'The role'),
    ('mrcall_internal.granted_right', 'role_id', 'oid', 'NOT NULL', 'The same where it was granted, for when the role gets another name'),
    ('mrcall_internal.granted_right', 'kind', 'text', 'NOT NULL', 'schema: USAGE; table: SELECT, on a table or a view'),
    ('mrcall_internal.granted_right', 'object', 'text', 'NOT NULL', 'The name, quoted and qualified'),

    ('mrcall_internal.detached_grant', 'relation', 'text', 'NOT NULL', 'The view, quoted and qualified'),
    ('mrcall_internal.detached_grant', 'grantee', 'name', 'NOT NULL', 'The role; empty for PUBLIC'),
    ('mrcall_internal.detached_grant', 'privilege', 'text', 'NOT NULL', 'The right'),
    ('mrcall_internal.detached_grant', 'is_grantable', 'boolean', 'NOT NULL', 'Whether the role may pass it on')
$$;
COMMENT ON FUNCTION mrcall_internal.kept_columns() IS 'The columns of the tables that outlive the extension';

-- Why a table of the extension's schemas is not the kept table of its name; NULL where it is.
CREATE FUNCTION mrcall_internal.kept_table_fault(relation regclass)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT CASE
        WHEN k.relation IS NULL THEN 'it is none of the extension''s'
        WHEN c.relkind <> 'r' OR c.relpersistence <> 'p' OR c.relispartition OR c.relhassubclass THEN 'it is no ordinary table'
        WHEN c.relowner <> (SELECT m.nspowner FROM pg_namespace AS m WHERE m.nspname = 'mrcall')
            THEN format('it belongs to %s', pg_get_userbyid(c.relowner))
        ELSE (
            SELECT format('column %s %s', coalesce(w.name, h.name),
                          CASE WHEN h.name IS NULL THEN 'is missing' WHEN w.name IS NULL THEN 'is not known'
                               ELSE format('is %s, not %s', h.type, w.type) END)
            FROM (SELECT x.name, x.type FROM mrcall_internal.kept_columns() AS x WHERE x.relation = k.relation) AS w
            FULL JOIN (SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute AS a
                       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS h ON h.name = w.name
            WHERE w.type IS DISTINCT FROM h.type
            ORDER BY coalesce(w.name, h.name) COLLATE "C"
            LIMIT 1)
    END
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN mrcall_internal.kept_tables() AS k ON k.relation = format('%I.%I', n.nspname, c.relname)
    WHERE c.oid = $1
$$;
COMMENT ON FUNCTION mrcall_internal.kept_table_fault(regclass) IS 'Why a table is not the kept table of its name; NULL where it is';

CREATE FUNCTION mrcall_internal.check_kept_tables()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    bad record;
BEGIN
    SELECT format('%I.%I', n.nspname, c.relname) AS name, f.fault, pg_get_userbyid(n.nspowner) AS owner,
           c.relowner <> n.nspowner AS is_foreign
    INTO bad
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL mrcall_internal.kept_table_fault(c.oid) AS f (fault)
    WHERE n.nspname IN ('mrcall', 'mrcall_internal') AND c.relkind IN ('r', 'p', 'f', 'm') AND f.fault IS NOT NULL
      -- Members of the extension are not kept.
      AND NOT EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'mrcall_ext'
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_extension'::regclass
                        AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table % is not one that the extension kept: %', bad.name, bad.fault
            USING ERRCODE = '55000', HINT = CASE
                WHEN bad.is_foreign
                    THEN format('If it is, give it to the owner of the schema: ALTER TABLE %s OWNER TO %I;', bad.name, bad.owner)
                ELSE format('Move it elsewhere: ALTER TABLE %s SET SCHEMA public;', bad.name) END;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_kept_tables() IS '55000 where the schemas have tables that are not the kept ones';

-- What an earlier installation left, or nothing.
SELECT mrcall_internal.check_kept_tables();

-- Comments only where they differ, so that nothing is locked that is as it should be.
CREATE FUNCTION mrcall_internal.describe(relation regclass, what text, columns jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('COMMENT ON %s %s IS %L', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relation, what)
        FROM pg_class AS c
        WHERE c.oid = relation AND obj_description(c.oid, 'pg_class') IS DISTINCT FROM what
        UNION ALL
        SELECT format('COMMENT ON COLUMN %s.%I IS %L', relation, a.attname, columns ->> a.attname)
        FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
          AND col_description(relation, a.attnum) IS DISTINCT FROM columns ->> a.attname
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.describe(regclass, text, jsonb) IS 'Gives a table or view of ours, and its columns, their comments';

-- Makes the kept tables that are missing, and takes over those that are there. Run as the owner.
CREATE FUNCTION mrcall_internal.make_kept_tables()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    kept record;
    grantee name;
BEGIN
    PERFORM mrcall_internal.check_kept_tables();
    FOR kept IN
        SELECT t.relation, t.constraints, t.indexes, t.what, c.definition, c.comments
        FROM mrcall_internal.kept_tables() AS t
        CROSS JOIN LATERAL (
            SELECT string_agg(format('%I %s %s', k.name, k.type, k.attributes), ', ' ORDER BY k.nr) AS definition,
                   jsonb_object_agg(k.name, k.what) AS comments
            FROM mrcall_internal.kept_columns() WITH ORDINALITY AS k (relation, name, type, attributes, what, nr)
            WHERE k.relation = t.relation) AS c
    LOOP
        IF to_regclass(kept.relation) IS NULL THEN
            EXECUTE format('CREATE TABLE %s (%s, %s)', kept.relation, kept.definition, kept.constraints);
            IF kept.indexes IS NOT NULL THEN
                EXECUTE kept.indexes;
            END IF;
            -- What the database grants on every new table is not meant for these.
            FOR grantee IN
                SELECT DISTINCT CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END
                FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
                WHERE c.oid = kept.relation::regclass AND a.grantee <> c.relowner
            LOOP
                EXECUTE format('REVOKE ALL ON %s FROM %s', kept.relation, coalesce(quote_ident(grantee), 'PUBLIC'));
            END LOOP;
        END IF;
        PERFORM mrcall_internal.describe(kept.relation::regclass, kept.what, kept.comments);
    END LOOP;
    PERFORM mrcall_internal.seed_ignored_referrers();
END
$$;
COMMENT ON FUNCTION mrcall_internal.make_kept_tables() IS 'Makes the tables that outlive the extension, or takes over those that are there';
