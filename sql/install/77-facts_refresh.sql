-- mrcall.refresh: batch after batch, each committed on its own, each leaving what is stored right. Definitions: docs/facts.md.
--
-- A batch locks the row of fact_state first: two refreshes take turns, and one of an older snapshot fails. It takes rows out of the ledger
-- in a statement before the one that reads the events, never after: what is committed in between stays in the ledger.

-- Visits from the rows.
CREATE FUNCTION mrcall_internal.read_visits(since timestamptz, until timestamptz, visitors text[])
RETURNS SETOF mrcall_internal.visit
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 10000
AS $$
    SELECT mrcall_internal.earlier(since, '24:00:00') AS ids_since;
    SELECT v.* FROM mrcall_internal.visits(since, until, '30 minutes', visitors, ids_since) AS v
$$;
COMMENT ON FUNCTION mrcall_internal.read_visits(timestamptz, timestamptz, text[]) IS
    'The visits that the events of a range make, from the rows';

CREATE FUNCTION mrcall_internal.first_event(since timestamptz)
RETURNS timestamptz
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT min(e.occurred_at) FROM mrcall.events AS e WHERE e.occurred_at >= since AND e.occurred_at > '-infinity'
$$;
COMMENT ON FUNCTION mrcall_internal.first_event(timestamptz) IS 'When the first event from an instant on happened';

CREATE FUNCTION mrcall_internal.visitors_at(since timestamptz, until timestamptz)
RETURNS SETOF text
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1000
AS $$
    SELECT DISTINCT e.visitor_id COLLATE "C" FROM mrcall.events AS e
    WHERE e.visitor_id IS NOT NULL AND (e.occurred_at >= since AND e.occurred_at < until OR since = until AND e.occurred_at = since)
$$;
COMMENT ON FUNCTION mrcall_internal.visitors_at(timestamptz, timestamptz) IS 'The visitors with events in a range, or at an instant';

CREATE FUNCTION mrcall_internal.fact_parts(source regclass, OUT parts oid[], OUT nodes oid[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(p.part ORDER BY p.part), array_agg(pg_relation_filenode(p.part) ORDER BY p.part)
    FROM (SELECT source::oid AS part UNION ALL SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = source) AS p
    WHERE pg_relation_filenode(p.part) IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.fact_parts(regclass) IS 'A table and its chunks, with their files';

-- Nothing is stored from here on; what is there is cleared in batches, because an older snapshot may read it.
CREATE FUNCTION mrcall_internal.reset_facts()
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE mrcall_internal.fact_state SET stored_until = '-infinity', is_clearing = true
$$;
COMMENT ON FUNCTION mrcall_internal.reset_facts() IS 'Has refresh store everything anew';

-- The lock of every batch.
CREATE FUNCTION mrcall_internal.lock_facts()
RETURNS mrcall_internal.fact_state
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state;
BEGIN
    SELECT s.* INTO state FROM mrcall_internal.fact_state AS s WHERE s.fact = 'visits' FOR UPDATE;
    PERFORM mrcall_internal.forget_written();
    RETURN state;
END
$$;
COMMENT ON FUNCTION mrcall_internal.lock_facts() IS 'One batch of refresh at a time';

-- What refresh begins with. Whether there is something to do.
CREATE FUNCTION mrcall_internal.begin_refresh(max_duration interval)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state;
    fault record;
BEGIN
    PERFORM mrcall_internal.check_owner();
    IF max_duration < '0' THEN
        RAISE EXCEPTION 'max_duration must not be negative: %', max_duration
            USING ERRCODE = '22023', HINT = 'Example: CALL mrcall.refresh(interval ''10 minutes'');';
    END IF;
    state := mrcall_internal.lock_facts();
    IF state.fact IS NULL THEN
        RAISE NOTICE 'no facts are kept' USING HINT = 'Run: SELECT mrcall.maintain();';
        RETURN false;
    END IF;
    PERFORM mrcall_internal.require_attached();
    FOR fault IN SELECT f.message, f.hint FROM mrcall_internal.source_fault(state.source) AS f LOOP
        RAISE EXCEPTION 'facts cannot be kept: %', fault.message USING ERRCODE = '55000', HINT = fault.hint;
    END LOOP;
    IF mrcall_internal.enabled_triggers(state.source) < 4 THEN
        RAISE EXCEPTION 'triggers of mrcall.maintain on % are missing or disabled', state.source
            USING ERRCODE = '55000', HINT = 'Make them anew: SELECT mrcall.unmaintain(), mrcall.maintain();';
    END IF;
    UPDATE mrcall_internal.fact_change SET problem = NULL WHERE problem IS NOT NULL;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mrcall_internal.begin_refresh(interval) IS 'The errors of refresh; false where no facts are kept';

-- What is stored has a fault: it is of no use, and all is to be stored anew.
CREATE FUNCTION mrcall_internal.is_stale(state mrcall_internal.fact_state)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT isfinite(state.stored_until) AND mrcall_internal.fact_fault(state) IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.is_stale(mrcall_internal.fact_state) IS 'Whether something is stored that cannot be relied on';

-- Clears what is left of what was stored, so much in a batch; whether there is more.
CREATE FUNCTION mrcall_internal.clear_facts()
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state := mrcall_internal.lock_facts();
    cleared bigint;
BEGIN
    IF mrcall_internal.is_stale(state)
       OR isfinite(state.stored_until)
          AND EXISTS (SELECT FROM mrcall_internal.fact_change AS c
                       WHERE c.key IS NULL AND NOT (isfinite(c.since) AND isfinite(c.until))) THEN
        PERFORM mrcall_internal.reset_facts();
        RETURN true;
    END IF;
    IF NOT coalesce(state.is_clearing, false) THEN
        RETURN false;
    END IF;
    DELETE FROM mrcall.visit AS v WHERE v.ctid = ANY (ARRAY(SELECT x.ctid FROM mrcall.visit AS x LIMIT 20000));
    GET DIAGNOSTICS cleared = ROW_COUNT;
    UPDATE mrcall_internal.fact_state SET rows = 0, is_clearing = cleared = 20000;
    RETURN cleared = 20000;
END
$$;
COMMENT ON FUNCTION mrcall_internal.clear_facts() IS 'Clears stored visits that are of no use any more, a batch; whether some are left';

-- Writers from here on note what is older. The instant up to which this refresh stores visits, once all others are done.
CREATE FUNCTION mrcall_internal.publish_threshold()
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state := mrcall_internal.lock_facts();
    wanted constant timestamptz := clock_timestamp() - interval '5 minutes';
BEGIN
    IF wanted <= state.stored_until THEN
        RETURN state.stored_until;
    END IF;
    UPDATE mrcall_internal.fact_threshold SET threshold = greatest(threshold, wanted);
    RETURN wanted;
END
$$;
COMMENT ON FUNCTION mrcall_internal.publish_threshold() IS 'Has writers note what is older than the time to which facts are to be stored';

-- Who may have changed rows without noting them: all transactions that hold a lock for writing, prepared ones too.
CREATE FUNCTION mrcall_internal.writers()
RETURNS TABLE (writer text, who text)
LANGUAGE sql VOLATILE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.virtualtransaction, coalesce('process ' || min(l.pid), 'a prepared transaction')
    FROM pg_locks AS l
    JOIN mrcall_internal.fact_state AS s ON l.relation = s.source
        OR l.relation IN (SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = s.source)
    WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY l.virtualtransaction
$$;
COMMENT ON FUNCTION mrcall_internal.writers() IS 'The transactions that write, or may, a source of facts';

-- Whether some of these writers are at work still; says so where freshness shows it.
CREATE FUNCTION mrcall_internal.wait_for(waiting text[])
RETURNS text[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    those text[];
    named text;
BEGIN
    SELECT coalesce(array_agg(w.writer), '{}'), string_agg(w.who, ', ' ORDER BY w.who) INTO those, named
    FROM mrcall_internal.writers() AS w
    WHERE waiting IS NULL OR w.writer = ANY (waiting);
    UPDATE mrcall_internal.fact_state SET waiting_for = named WHERE waiting_for IS DISTINCT FROM named;
    RETURN those;
END
$$;
COMMENT ON FUNCTION mrcall_internal.wait_for(text[]) IS 'Which of some writers are at work still; NULL: all';

-- The next visitors of the ledger, up to a row.
CREATE FUNCTION mrcall_internal.next_changes(last_id bigint, most int)
RETURNS text[]
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(DISTINCT c.key)
    FROM (SELECT x.key FROM mrcall_internal.fact_change AS x
          WHERE x.id <= last_id AND x.key IS NOT NULL AND x.problem IS NULL ORDER BY x.id LIMIT most) AS c
$$;
COMMENT ON FUNCTION mrcall_internal.next_changes(bigint, int) IS 'The next visitors of the ledger that refresh mends';

-- Takes visitors out of the ledger, and what is stored of them. Up to where their visits are to be stored; NULL where all is to be stored
-- anew, and nothing was taken.
CREATE FUNCTION mrcall_internal.begin_renewal(keys text[])
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state := mrcall_internal.lock_facts();
    removed bigint;
BEGIN
    IF mrcall_internal.fact_fault(state) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    PERFORM mrcall_internal.note_parts(state.source);
    DELETE FROM mrcall_internal.fact_change AS c WHERE c.key = ANY (keys);
    -- Planned each time: at the first call the table was empty.
    EXECUTE 'DELETE FROM mrcall.visit AS v WHERE v.visitor_id OPERATOR(pg_catalog.=) ANY ($1)' USING keys;
    GET DIAGNOSTICS removed = ROW_COUNT;
    UPDATE mrcall_internal.fact_state SET rows = rows - removed;
    RETURN state.stored_until;
END
$$;
COMMENT ON FUNCTION mrcall_internal.begin_renewal(text[]) IS 'Takes visitors out of the ledger, and what is stored of them';

CREATE FUNCTION mrcall_internal.note_parts(source regclass)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE mrcall_internal.fact_state AS s SET parts = p.parts, nodes = p.nodes
    FROM mrcall_internal.fact_parts(note_parts.source) AS p
    WHERE (s.parts, s.nodes) IS DISTINCT FROM (p.parts, p.nodes)
$$;
COMMENT ON FUNCTION mrcall_internal.note_parts(regclass) IS 'Notes the table and its chunks as they are read from here on';

-- Without a SET clause, as it reads the events. A visit that may go on stays out, and its visitor in the ledger; so does whoever has a
-- longer id than the index of the stored visits takes.
CREATE FUNCTION mrcall_internal.write_visits(since timestamptz, until timestamptz, visitors text[])
RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    written pg_catalog.int8;
BEGIN
    -- Planned each time: at the first call the tables were empty.
    EXECUTE $sql$
    WITH made AS MATERIALIZED (
        SELECT r.*, r.ended_at OPERATOR(pg_catalog.<) ($2 OPERATOR(pg_catalog.-) '00:30:00'::pg_catalog.interval)
                    AND pg_catalog.octet_length(r.visitor_id) OPERATOR(pg_catalog.<=) 2000 AS is_over
        FROM mrcall_internal.read_visits($1, $2, $3) AS r
        WHERE $1 IS NULL OR NOT EXISTS (SELECT FROM mrcall_internal.fact_change AS c
                                        WHERE c.key OPERATOR(pg_catalog.=) r.visitor_id COLLATE pg_catalog."C")
    ),
    goes_on AS (
        INSERT INTO mrcall_internal.fact_change (key, since, until)
        SELECT DISTINCT m.visitor_id, $2, $2 FROM made AS m WHERE NOT m.is_over
    )
    INSERT INTO mrcall.visit (visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page, channel, source,
                              medium, campaign, landing_page, referrer_domain, device, is_bot, touched_at, term, rule, had_twice)
    SELECT m.visitor_id, m.visit_no OPERATOR(pg_catalog.+) COALESCE(n.visits, 0), m.started_at, m.ended_at, m.events, m.pageviews,
           m.entry_page, m.exit_page, m.channel, m.source, m.medium, m.campaign, m.landing_page, m.referrer_domain, m.device, m.is_bot,
           m.touched_at, m.term, m.rule, m.had_twice
    FROM made AS m
    LEFT JOIN LATERAL (
        SELECT v.visit_no AS visits FROM mrcall.visit AS v
        WHERE $1 IS NOT NULL AND v.visitor_id OPERATOR(pg_catalog.=) m.visitor_id COLLATE pg_catalog."C"
        ORDER BY v.started_at DESC
        LIMIT 1) AS n ON true
    WHERE m.is_over
    $sql$ USING since, until, visitors;
    GET DIAGNOSTICS written = ROW_COUNT;
    UPDATE mrcall_internal.fact_state AS s SET rows = s.rows OPERATOR(pg_catalog.+) written;
END
$$;
COMMENT ON FUNCTION mrcall_internal.write_visits(timestamptz, timestamptz, text[]) IS
    'Stores the visits of some visitors, or with a begin those of a time of all who are not in the ledger';

-- Mends the next visitors of the ledger; whether it has mended some. Where a batch of them fails, one after the other: those at fault
-- stay in the ledger, with the error.
CREATE FUNCTION mrcall_internal.renew_visits(last_id bigint, most int)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    keys pg_catalog.text[];
    until pg_catalog.timestamptz;
    one pg_catalog.text;
BEGIN
    PERFORM mrcall_internal.lock_facts();
    keys := mrcall_internal.next_changes(last_id, most);
    IF keys IS NULL THEN
        RETURN false;
    END IF;
    BEGIN
        until := mrcall_internal.begin_renewal(keys);
        IF until IS NULL THEN
            RETURN false;
        END IF;
        PERFORM mrcall_internal.write_visits(NULL, until, keys);
        RETURN true;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    FOREACH one IN ARRAY keys LOOP
        BEGIN
            PERFORM mrcall_internal.write_visits(NULL, mrcall_internal.begin_renewal(ARRAY[one]), ARRAY[one]);
        EXCEPTION WHEN OTHERS THEN
            UPDATE mrcall_internal.fact_change AS c SET problem = SQLERRM WHERE c.key OPERATOR(pg_catalog.=) one;
        END;
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mrcall_internal.renew_visits(bigint, int) IS 'Mends the next visitors of the ledger; false where there are none';

-- Ranges of the ledger become visitors: who has rows there, who has stored visits there, and who has events twice, whose visits may
-- depend on a row that was not counted.
CREATE FUNCTION mrcall_internal.resolve_ranges()
RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    state mrcall_internal.fact_state := mrcall_internal.lock_facts();
    since pg_catalog.timestamptz[];
    until pg_catalog.timestamptz[];
BEGIN
    IF NOT pg_catalog.isfinite(state.stored_until) THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM mrcall_internal.fact_change AS c WHERE c.key IS NULL RETURNING c.since, c.until)
    SELECT pg_catalog.array_agg(g.since), pg_catalog.array_agg(g.until) INTO since, until FROM gone AS g;
    IF since IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO mrcall_internal.fact_change (key, since, until)
    SELECT DISTINCT x.visitor_id, '-infinity'::pg_catalog.timestamptz, '-infinity'::pg_catalog.timestamptz
    FROM (
        SELECT r.visitor_id COLLATE pg_catalog."C"
        FROM ROWS FROM (pg_catalog.unnest(since), pg_catalog.unnest(until)) AS b (since, until)
        CROSS JOIN LATERAL mrcall_internal.visitors_at(b.since, b.until) AS r (visitor_id)
        UNION ALL
        SELECT v.visitor_id
        FROM ROWS FROM (pg_catalog.unnest(since), pg_catalog.unnest(until)) AS b (since, until)
        JOIN mrcall.visit AS v ON v.started_at OPERATOR(pg_catalog.<) b.until AND v.ended_at OPERATOR(pg_catalog.>=) b.since
        UNION ALL
        SELECT v.visitor_id FROM mrcall.visit AS v WHERE v.had_twice
    ) AS x (visitor_id);
END
$$;
COMMENT ON FUNCTION mrcall_internal.resolve_ranges() IS 'Makes visitors of the ranges of the ledger';

-- Stores the visits of a further time, at most to an instant; whether that is reached. At the begin, and behind a reset, rules and triggers
-- are those of now.
CREATE FUNCTION mrcall_internal.store_further(target timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    state mrcall_internal.fact_state := mrcall_internal.lock_facts();
    first_at pg_catalog.timestamptz;
    reached pg_catalog.timestamptz;
BEGIN
    IF state.stored_until OPERATOR(pg_catalog.>=) target THEN
        RETURN true;
    END IF;
    IF state.is_clearing OR mrcall_internal.is_stale(state) THEN
        -- The next refresh begins anew.
        RETURN true;
    END IF;
    PERFORM mrcall_internal.note_parts(state.source);
    IF NOT pg_catalog.isfinite(state.stored_until) THEN
        UPDATE mrcall_internal.fact_state AS s
        SET epoch = mrcall_internal.visits_epoch(), triggers = mrcall_internal.fact_triggers(s.source), rows = 0;
        -- All that is older is read below. What has no finite time is never stored.
        DELETE FROM mrcall_internal.fact_change;
        INSERT INTO mrcall_internal.fact_change (key, since, until)
        SELECT r.visitor_id, '-infinity'::pg_catalog.timestamptz, '-infinity'::pg_catalog.timestamptz
        FROM mrcall_internal.visitors_at('-infinity', '-infinity') AS r (visitor_id);
    END IF;
    first_at := mrcall_internal.first_event(state.stored_until);
    reached := LEAST(target, mrcall_internal.later(GREATEST(first_at, state.stored_until), '168:00:00'));
    IF first_at OPERATOR(pg_catalog.<) reached THEN
        PERFORM mrcall_internal.write_visits(GREATEST(first_at, state.stored_until), reached, NULL);
    ELSE
        reached := target;
    END IF;
    UPDATE mrcall_internal.fact_state SET stored_until = reached;
    RETURN reached OPERATOR(pg_catalog.>=) target;
END
$$;
COMMENT ON FUNCTION mrcall_internal.store_further(timestamptz) IS 'Stores the visits of a further time; whether the instant is reached';

CREATE FUNCTION mrcall_internal.end_refresh(began timestamptz, is_done boolean, in_block boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pending constant bigint := (SELECT count(DISTINCT c.key) + count(*) FILTER (WHERE c.key IS NULL) FROM mrcall_internal.fact_change AS c);
    failing constant bigint := (SELECT count(DISTINCT c.key) FROM mrcall_internal.fact_change AS c WHERE c.problem IS NOT NULL);
BEGIN
    UPDATE mrcall_internal.fact_state
    SET refreshed_at = CASE WHEN is_done THEN clock_timestamp() ELSE refreshed_at END,
        refresh_time = CASE WHEN is_done THEN clock_timestamp() - began ELSE refresh_time END, waiting_for = NULL;
    IF in_block THEN
        RAISE NOTICE 'inside a transaction block one batch is done; % visitors and ranges are left', pending
            USING HINT = 'Outside of a transaction block (autocommit) all is done, each batch committed on its own.';
    ELSIF NOT is_done THEN
        RAISE NOTICE 'max_duration is over; the next refresh goes on';
    END IF;
    IF failing > 0 THEN
        RAISE WARNING 'the visits of % visitors cannot be stored: %', failing,
            (SELECT c.problem FROM mrcall_internal.fact_change AS c WHERE c.problem IS NOT NULL ORDER BY c.id LIMIT 1)
            USING HINT = 'Reports read their rows: SELECT key, problem FROM mrcall_internal.fact_change WHERE problem IS NOT NULL;';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.end_refresh(timestamptz, boolean, boolean) IS 'What refresh notes and says at its end';

-- Without a SET clause, because it commits. Each transaction sees what is committed before it, whatever isolation is the session's default.
CREATE PROCEDURE mrcall.refresh(max_duration interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    deadline pg_catalog.timestamptz;
    may_commit boolean := mrcall_internal.may_commit();
    target pg_catalog.timestamptz;
    waiting pg_catalog.text[];
    last_id pg_catalog.int8;
    is_done boolean := false;
BEGIN
    IF may_commit THEN
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END IF;
    IF NOT mrcall_internal.begin_refresh(max_duration) THEN
        RETURN;
    END IF;
    IF max_duration IS NOT NULL THEN
        deadline := mrcall_internal.later(began, mrcall_internal.exact(max_duration, 'max_duration'));
    END IF;
    IF NOT may_commit THEN
        SELECT pg_catalog.max(c.id) INTO last_id FROM mrcall_internal.fact_change AS c;
        PERFORM mrcall_internal.renew_visits(last_id, 1000);
        PERFORM mrcall_internal.end_refresh(began, false, true);
        RETURN;
    END IF;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE mrcall_internal.clear_facts() LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM mrcall_internal.resolve_ranges();
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT pg_catalog.max(c.id) INTO last_id FROM mrcall_internal.fact_change AS c;
    WHILE (deadline IS NULL OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.<) deadline)
          AND mrcall_internal.renew_visits(last_id, 1000) LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    target := mrcall_internal.publish_threshold();
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    -- Who writes now may not know it yet. This holds no lock meanwhile, so that nobody waits for it.
    LOOP
        waiting := mrcall_internal.wait_for(waiting);
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN pg_catalog.cardinality(waiting) OPERATOR(pg_catalog.=) 0
            OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) deadline;
        PERFORM pg_catalog.pg_sleep(0.02);
    END LOOP;
    WHILE NOT is_done AND pg_catalog.cardinality(waiting) OPERATOR(pg_catalog.=) 0
          AND (deadline IS NULL OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.<) deadline) LOOP
        SELECT pg_catalog.max(c.id) INTO last_id FROM mrcall_internal.fact_change AS c;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        is_done := mrcall_internal.store_further(target);
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        -- Those whose visits went on up to the begin of this time.
        WHILE mrcall_internal.renew_visits(last_id, 1000) LOOP
            COMMIT;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        END LOOP;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    PERFORM mrcall_internal.end_refresh(began, is_done, false);
    COMMIT;
END
$$;
COMMENT ON PROCEDURE mrcall.refresh(interval) IS 'Brings the facts up to date, in batches that are committed on their own';
