-- Stored visits: the tables, who may read them, and the ledger of what has changed since. Definitions: docs/facts.md.
--
-- Stored are the visits before an instant, stored_until, of all visitors but those whose key is in the ledger. Whoever reads takes
-- those, and the time behind that instant, from the rows (src/api/stored_visits.rs), in one snapshot: a row that changes writes its key
-- in the same transaction. Where anything of this cannot be relied on, the rows are read.

CREATE TABLE mrcall.visit (
    visitor_id text COLLATE "C" NOT NULL, visit_no int NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL,
    events bigint NOT NULL, pageviews bigint NOT NULL, entry_page text, exit_page text, channel text NOT NULL, source text, medium text,
    campaign text, landing_page text, referrer_domain text, device text NOT NULL, is_bot boolean NOT NULL,
    touched_at timestamptz NOT NULL, term text, rule text NOT NULL, had_twice boolean NOT NULL);
COMMENT ON TABLE mrcall.visit IS
    'The stored visits, by the gap of 30 minutes: rows of the view visits that refresh has written, before freshness().stored_until';
COMMENT ON COLUMN mrcall.visit.visitor_id IS 'As visits.visitor_id';
COMMENT ON COLUMN mrcall.visit.visit_no IS 'As visits.visit_no';
COMMENT ON COLUMN mrcall.visit.started_at IS 'As visits.started_at';
COMMENT ON COLUMN mrcall.visit.ended_at IS 'As visits.ended_at';
COMMENT ON COLUMN mrcall.visit.events IS 'As visits.events';
COMMENT ON COLUMN mrcall.visit.pageviews IS 'As visits.pageviews';
COMMENT ON COLUMN mrcall.visit.entry_page IS 'As visits.entry_page';
COMMENT ON COLUMN mrcall.visit.exit_page IS 'As visits.exit_page';
COMMENT ON COLUMN mrcall.visit.channel IS 'As visits.channel';
COMMENT ON COLUMN mrcall.visit.source IS 'As visits.source';
COMMENT ON COLUMN mrcall.visit.medium IS 'As visits.medium';
COMMENT ON COLUMN mrcall.visit.campaign IS 'As visits.campaign';
COMMENT ON COLUMN mrcall.visit.landing_page IS 'As visits.landing_page';
COMMENT ON COLUMN mrcall.visit.referrer_domain IS 'As visits.referrer_domain';
COMMENT ON COLUMN mrcall.visit.device IS 'As visits.device';
COMMENT ON COLUMN mrcall.visit.is_bot IS 'As visits.is_bot';
COMMENT ON COLUMN mrcall.visit.touched_at IS 'As visits.touched_at';
COMMENT ON COLUMN mrcall.visit.term IS 'As visits.term';
COMMENT ON COLUMN mrcall.visit.rule IS 'As visits.rule';
COMMENT ON COLUMN mrcall.visit.had_twice IS 'Whether the visitor may have an event that was delivered twice';
CREATE INDEX visit_visitor_id_started_at_idx ON mrcall.visit (visitor_id, started_at);
CREATE INDEX visit_started_at_idx ON mrcall.visit (started_at);
-- Visits that are not found by their beginning alone.
CREATE INDEX visit_long_idx ON mrcall.visit (started_at)
    WHERE ended_at OPERATOR(pg_catalog.-) started_at OPERATOR(pg_catalog.>) interval '24:00:00';

CREATE TABLE mrcall_internal.fact_state (
    fact text COLLATE "C" PRIMARY KEY, source regclass NOT NULL, mapping text NOT NULL, stored_until timestamptz NOT NULL,
    epoch text NOT NULL, triggers text NOT NULL, parts oid[] NOT NULL, nodes oid[] NOT NULL, is_clearing boolean NOT NULL,
    rows bigint NOT NULL, refreshed_at timestamptz, refresh_time interval, waiting_for text);
COMMENT ON TABLE mrcall_internal.fact_state IS 'What is stored: a row for each fact that mrcall.maintain keeps';
COMMENT ON COLUMN mrcall_internal.fact_state.fact IS 'visits';
COMMENT ON COLUMN mrcall_internal.fact_state.source IS 'The table whose triggers write the ledger';
COMMENT ON COLUMN mrcall_internal.fact_state.mapping IS 'How its columns are mapped';
COMMENT ON COLUMN mrcall_internal.fact_state.stored_until IS 'Stored is what happened before';
COMMENT ON COLUMN mrcall_internal.fact_state.epoch IS 'By which rules, as a hash';
COMMENT ON COLUMN mrcall_internal.fact_state.triggers IS 'The triggers with their versions, which change when one is switched off';
COMMENT ON COLUMN mrcall_internal.fact_state.parts IS 'The table and its chunks, as refresh read them';
COMMENT ON COLUMN mrcall_internal.fact_state.nodes IS 'Their files, which TRUNCATE replaces';
COMMENT ON COLUMN mrcall_internal.fact_state.is_clearing IS 'Whether rows of an earlier epoch are left';
COMMENT ON COLUMN mrcall_internal.fact_state.rows IS 'Stored rows';
COMMENT ON COLUMN mrcall_internal.fact_state.refreshed_at IS 'When refresh ended last';
COMMENT ON COLUMN mrcall_internal.fact_state.refresh_time IS 'How long that took';
COMMENT ON COLUMN mrcall_internal.fact_state.waiting_for IS 'The writers that a refresh waits for';

-- Without a unique key: writers never wait for each other.
CREATE TABLE mrcall_internal.fact_change (
    id bigint GENERATED ALWAYS AS IDENTITY, key text COLLATE "C", since timestamptz NOT NULL, until timestamptz NOT NULL, problem text);
COMMENT ON TABLE mrcall_internal.fact_change IS 'The ledger: visitors whose stored visits are not to be relied on';
COMMENT ON SEQUENCE mrcall_internal.fact_change_id_seq IS 'The numbers of its rows';
COMMENT ON COLUMN mrcall_internal.fact_change.id IS 'In the order of writing';
COMMENT ON COLUMN mrcall_internal.fact_change.key IS 'The visitor; NULL: whoever has rows or stored visits in the range';
COMMENT ON COLUMN mrcall_internal.fact_change.since IS 'Where the range begins';
COMMENT ON COLUMN mrcall_internal.fact_change.until IS 'Where it ends';
COMMENT ON COLUMN mrcall_internal.fact_change.problem IS 'Why the last refresh could not mend it';
-- Takes ids of any length.
CREATE INDEX fact_change_key_idx ON mrcall_internal.fact_change USING hash (key);
CREATE INDEX fact_change_id_idx ON mrcall_internal.fact_change (id);
CREATE INDEX fact_change_range_idx ON mrcall_internal.fact_change (id) WHERE key IS NULL;

CREATE TABLE mrcall_internal.fact_threshold (threshold timestamptz NOT NULL);
COMMENT ON TABLE mrcall_internal.fact_threshold IS
    'The instant before which a row that changes is written into the ledger: at or behind stored_until';
COMMENT ON COLUMN mrcall_internal.fact_threshold.threshold IS 'The instant';

-- Who may read them: who may read all rows of the source. Its policies cannot stand for these tables: one on a column of events cuts
-- visits.
CREATE FUNCTION mrcall_internal.may_read_facts(fact text)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce((SELECT has_table_privilege(s.source, 'SELECT') AND NOT row_security_active(s.source)
                     FROM mrcall_internal.fact_state AS s WHERE s.fact = may_read_facts.fact), false);
END
$$;
COMMENT ON FUNCTION mrcall_internal.may_read_facts(text) IS 'Whether a role sees all rows of a fact''s source';

ALTER TABLE mrcall.visit ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_or_nothing ON mrcall.visit USING ((SELECT mrcall_internal.may_read_facts('visits')));
COMMENT ON POLICY all_or_nothing ON mrcall.visit IS 'For who may read all rows of the source';
ALTER TABLE mrcall_internal.fact_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_or_nothing ON mrcall_internal.fact_change USING ((SELECT mrcall_internal.may_read_facts('visits')));
COMMENT ON POLICY all_or_nothing ON mrcall_internal.fact_change IS 'For who may read all rows of the source';
GRANT SELECT ON mrcall.visit, mrcall_internal.fact_state, mrcall_internal.fact_change TO PUBLIC;

CREATE FUNCTION mrcall_internal.use_facts()
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'use_facts_wrapper';
COMMENT ON FUNCTION mrcall_internal.use_facts() IS 'The setting mrcall.use_facts';

-- For everybody who writes events, as a condition of the triggers. It notes what it is asked about in the memory of the process; what is
-- noted is written by the trigger alone, which nobody but the owner can put on a table.
CREATE FUNCTION mrcall_internal.is_stored(key text, at timestamptz, former_key text, former_at timestamptz)
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'is_stored_wrapper';
COMMENT ON FUNCTION mrcall_internal.is_stored(text, timestamptz, text, timestamptz) IS
    'Whether a changed row may be in what is stored, and no trigger of the statement was called for yet';

CREATE FUNCTION mrcall_internal.noted_changes()
RETURNS TABLE (key text, since timestamptz, until timestamptz)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'noted_changes_wrapper';
COMMENT ON FUNCTION mrcall_internal.noted_changes() IS 'What is_stored has noted and nobody has taken';

CREATE FUNCTION mrcall_internal.are_unwritten()
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'are_unwritten_wrapper';
COMMENT ON FUNCTION mrcall_internal.are_unwritten() IS 'Whether a statement that is still running has noted something';

CREATE FUNCTION mrcall_internal.forget_written()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'forget_written_wrapper';
COMMENT ON FUNCTION mrcall_internal.forget_written() IS 'Has is_stored note again what the ledger has lost';

-- With the owner's rights: who writes events need not have any on the ledger.
CREATE FUNCTION mrcall_internal.log_changes()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO mrcall_internal.fact_change (key, since, until) VALUES (NULL, '-infinity', 'infinity');
    ELSE
        INSERT INTO mrcall_internal.fact_change (key, since, until)
        SELECT c.key, c.since, c.until FROM mrcall_internal.noted_changes() AS c;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mrcall_internal.log_changes() IS 'The trigger of mrcall.maintain: writes the ledger';
REVOKE ALL ON FUNCTION mrcall_internal.log_changes() FROM PUBLIC;
