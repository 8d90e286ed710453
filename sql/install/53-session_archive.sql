-- Archived calls, and what outlives deleted ones. Definitions: docs/retention.md.

CREATE TABLE mrcall.session_archive (
    business_id text NOT NULL,
    started_at timestamptz NOT NULL,
    call_id text NOT NULL,
    ended_at timestamptz,
    owner text,
    outcome text,
    answered boolean,
    caller text,
    medium text,
    language text,
    last_state text,
    PRIMARY KEY (business_id, started_at, call_id)
);
COMMENT ON TABLE mrcall.session_archive IS
    'Calls that retention took out of the sessions table, without their documents; the view mrcall.calls has them too';
COMMENT ON COLUMN mrcall.session_archive.business_id IS 'As calls.business_id';
COMMENT ON COLUMN mrcall.session_archive.started_at IS 'As calls.started_at';
COMMENT ON COLUMN mrcall.session_archive.call_id IS 'As calls.call_id';
COMMENT ON COLUMN mrcall.session_archive.ended_at IS 'As calls.ended_at when the call was archived';
COMMENT ON COLUMN mrcall.session_archive.owner IS 'As calls.owner';
COMMENT ON COLUMN mrcall.session_archive.outcome IS 'As calls.outcome';
COMMENT ON COLUMN mrcall.session_archive.answered IS 'As calls.answered';
COMMENT ON COLUMN mrcall.session_archive.caller IS 'As calls.caller: kept as it is until the call is deleted';
COMMENT ON COLUMN mrcall.session_archive.medium IS 'As calls.medium';
COMMENT ON COLUMN mrcall.session_archive.language IS 'As calls.language';
COMMENT ON COLUMN mrcall.session_archive.last_state IS 'As calls.last_state';
-- What is due next, and reports over all businesses: a range of time.
CREATE INDEX session_archive_started_at_idx ON mrcall.session_archive (started_at);

CREATE TABLE mrcall_internal.first_call (
    business_id text PRIMARY KEY,
    call_id text NOT NULL,
    first_call_at timestamptz NOT NULL
);
COMMENT ON TABLE mrcall_internal.first_call IS 'The earliest call that retention deleted, per business';
COMMENT ON COLUMN mrcall_internal.first_call.business_id IS 'As calls.business_id';
COMMENT ON COLUMN mrcall_internal.first_call.call_id IS 'As calls.call_id of that call';
COMMENT ON COLUMN mrcall_internal.first_call.first_call_at IS 'As calls.started_at of that call';

CREATE TABLE mrcall_internal.first_contact (
    business_id text NOT NULL,
    caller_hash bytea NOT NULL,
    first_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, caller_hash)
);
COMMENT ON TABLE mrcall_internal.first_contact IS
    'When a caller, known by a keyed hash only, first made a call that retention deleted';
COMMENT ON COLUMN mrcall_internal.first_contact.business_id IS 'As calls.business_id';
COMMENT ON COLUMN mrcall_internal.first_contact.caller_hash IS
    'mrcall_internal.caller_hash of the key, the business and the caller';
COMMENT ON COLUMN mrcall_internal.first_contact.first_at IS 'As calls.started_at of the earliest of those calls';

-- Made with the first hash, not at installation: a restore brings the key that the hashes in the dump were made with.
CREATE TABLE mrcall_internal.caller_key (
    is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT caller_key_is_only_check CHECK (is_only),
    key bytea NOT NULL
);
COMMENT ON TABLE mrcall_internal.caller_key IS
    'The random key of the hashes in mrcall_internal.first_contact; without it they name nobody';
COMMENT ON COLUMN mrcall_internal.caller_key.is_only IS 'Always true: there is one key';
COMMENT ON COLUMN mrcall_internal.caller_key.key IS '32 random bytes';

CREATE TABLE mrcall.retention_run (
    started_at timestamptz PRIMARY KEY,
    role name NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    batches int NOT NULL,
    archived bigint NOT NULL,
    deleted bigint NOT NULL,
    chunks_dropped int NOT NULL
);
COMMENT ON TABLE mrcall.retention_run IS 'What each run of mrcall.apply_session_retention did, written with every batch';
COMMENT ON COLUMN mrcall.retention_run.started_at IS 'When the run began';
COMMENT ON COLUMN mrcall.retention_run.role IS 'Who ran it';
COMMENT ON COLUMN mrcall.retention_run.updated_at IS 'When its last batch was done';
COMMENT ON COLUMN mrcall.retention_run.finished_at IS
    'When nothing more was due; NULL of a run that was interrupted, or did one batch';
COMMENT ON COLUMN mrcall.retention_run.batches IS 'Batches';
COMMENT ON COLUMN mrcall.retention_run.archived IS 'Calls that went into mrcall.session_archive';
COMMENT ON COLUMN mrcall.retention_run.deleted IS 'Calls that were deleted, from the sessions table or from the archive';
COMMENT ON COLUMN mrcall.retention_run.chunks_dropped IS 'Chunks of the hypertable that were dropped whole';

CREATE TABLE mrcall.audit (
    at timestamptz NOT NULL,
    role name NOT NULL,
    login name NOT NULL,
    action text NOT NULL,
    result jsonb NOT NULL
);
COMMENT ON TABLE mrcall.audit IS 'Who ran forget, retention or attach, when, and what came of it; it names no customer';
COMMENT ON COLUMN mrcall.audit.at IS 'When; of a retention run when it began, as retention_run.started_at';
COMMENT ON COLUMN mrcall.audit.role IS 'The role with whose rights it was done';
COMMENT ON COLUMN mrcall.audit.login IS 'The role that had logged in';
COMMENT ON COLUMN mrcall.audit.action IS 'forget, retention or attach';
COMMENT ON COLUMN mrcall.audit.result IS
    'forget: rows removed by table; retention: calls archived and deleted, chunks dropped, batches; attach: what is read for what';

-- The business is hashed first, so that its length is fixed: no two pairs are one text. It is part of the hash so that a
-- caller of two businesses is two hashes.
CREATE FUNCTION mrcall_internal.caller_hash(key bytea, business_id text, caller text)
RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.sha256(key OPERATOR(pg_catalog.||) pg_catalog.sha256(pg_catalog.convert_to(business_id, 'UTF8'))
                             OPERATOR(pg_catalog.||) pg_catalog.convert_to(caller, 'UTF8'))
$$;
COMMENT ON FUNCTION mrcall_internal.caller_hash(bytea, text, text) IS 'What stands for a caller in mrcall_internal.first_contact';

-- What attach puts behind the sessions table in the view mrcall.calls.
CREATE FUNCTION mrcall_internal.archived_calls()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT E'\nUNION ALL\nSELECT\n'
        || string_agg(format('    %s AS %I', CASE WHEN a.attname IS NULL THEN format('NULL::%s', c.type) ELSE format('a.%I', c.name)
                             END, c.name), E',\n' ORDER BY c.ordinal)
        || E'\nFROM mrcall.session_archive AS a'
    FROM mrcall_internal.source_columns() AS c
    LEFT JOIN pg_attribute AS a ON a.attrelid = 'mrcall.session_archive'::regclass AND a.attname = c.name AND a.attnum > 0
    WHERE c.logical_table = 'calls'
$$;
COMMENT ON FUNCTION mrcall_internal.archived_calls() IS 'The second part of the view mrcall.calls';

ALTER TABLE mrcall.session_archive OWNER TO @extowner@;
ALTER TABLE mrcall_internal.first_call OWNER TO @extowner@;
ALTER TABLE mrcall_internal.first_contact OWNER TO @extowner@;
ALTER TABLE mrcall_internal.caller_key OWNER TO @extowner@;
ALTER TABLE mrcall.retention_run OWNER TO @extowner@;
ALTER TABLE mrcall.audit OWNER TO @extowner@;

SELECT pg_catalog.pg_extension_config_dump('mrcall.session_archive', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall_internal.first_call', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall_internal.first_contact', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall_internal.caller_key', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall.retention_run', '');
SELECT pg_catalog.pg_extension_config_dump('mrcall.audit', '');
