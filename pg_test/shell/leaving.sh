#!/usr/bin/env bash
# What outlives the extension: after detach and DROP EXTENSION, after DROP EXTENSION CASCADE, after pg_restore by the owner and by a
# superuser, a new installation gives every report back, byte for byte. And whose everything is: attach by the owner, a member of
# the owner, a stranger, a superuser; REASSIGN OWNED and DROP OWNED; what a superuser does not run.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
SUPER=$(cluster super-url)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$SUPER" "$@"; }
database=leaving
super_in() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "${SUPER%/*}/$database" "$@"; }
as() { # role, psql's arguments
    local role=$1
    shift
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=verbose "$(ROLE=$role cluster url "$database")" "$@"
}
OWNER=leaving_keeper
keeper() { as "$OWNER" "$@"; }
same() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
refused() { # what, SQLSTATE, pattern of the HINT, role, statement
    local answer
    answer=$(as "$4" -c "$5" 2>&1) && die "$1: was not refused" "$answer"
    grep -q "ERROR:  $2: " <<<"$answer" || die "$1: another error" "$answer"
    grep -q "HINT: .*$3" <<<"$answer" || die "$1: another hint" "$answer"
    echo "ok: $1"
}

ROLES='leaving_keeper leaving_heir leaving_member leaving_stranger leaving_analyst leaving_service'
clean() {
    local name
    for name in leaving leaving_new; do super -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" 2>/dev/null; done
    for name in $ROLES; do super -c "DROP ROLE IF EXISTS $name" 2>/dev/null; done
    rm -f "$LOGS/leaving".{sql,dump}
}
trap clean EXIT
clean
password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$SUPER")
for name in $ROLES; do super -c "CREATE ROLE $name LOGIN PASSWORD '$password'"; done
super -c 'GRANT leaving_keeper TO leaving_member' -c 'CREATE DATABASE leaving OWNER leaving_keeper TEMPLATE template0'

# Every report and every kept table, as one line each.
digest="SELECT md5(string_agg(r::text, '|' ORDER BY r::text)), count(*) FROM"
spring="'2026-02-01', '2026-06-01'"
may="'2026-05-01', '2026-06-01'"
reports() {
    local query
    while read -r query; do echo "$digest $query AS r;"; done <<EOQ
mrcall.events
mrcall.customers
mrcall.businesses
mrcall.subscriptions
mrcall.stripe_events
mrcall.apple_events
mrcall.calls
mrcall.contacts
mrcall.phones
mrcall.resources
mrcall.visits
mrcall.touches
mrcall.identities
mrcall.conversions
mrcall.sessionize($may)
mrcall.attribution($spring, 'linear')
mrcall.attribution($spring, 'time_decay', 'payment')
mrcall.attribution($spring, 'last_touch', 'first_call', dimension => 'campaign')
mrcall.attribution($spring, 'linear', 'goal:pricing')
mrcall.attribution_models($spring)
mrcall.conversion_paths($spring)
mrcall.time_to_convert($spring)
mrcall.assisted_conversions($spring)
mrcall.roas($spring)
mrcall.attribution_interval($spring, replicates => 50)
mrcall.visitor_buckets('1 day', $may, 'Europe/Rome', 'channel')
mrcall.funnel($may, '[{"step": "home", "page": "/%"}, {"step": "pricing", "page": "/pricing%"}]')
mrcall.cohorts($may)
mrcall.lifecycle('7 days', $may)
mrcall.active_visitors($may)
mrcall.stickiness('1 day', $may)
mrcall.top_pages($may)
mrcall.page_flow($may)
mrcall.call_summary('1 day', $spring, 'Europe/Rome')
mrcall.call_heatmap($spring)
mrcall.callers($spring)
mrcall.flow($spring)
mrcall.business_health('2026-06-01')
mrcall.resource_usage('2026-06-01')
(SELECT d.business_id, d.to_archive, d.to_delete, d.remark FROM mrcall.retention_due() AS d)
mrcall.doctor()
(SELECT s.logical_table, s.relation, s.key_expression, s.columns FROM mrcall.source AS s)
mrcall.channel_rule
mrcall.ignored_referrer
mrcall.goal
mrcall.spend
mrcall.session_archive
mrcall.retention_run
mrcall_internal.first_call
mrcall_internal.first_contact
mrcall_internal.caller_key
EOQ
}
state() { reports | keeper -f -; }
kept="SELECT string_agg(c.oid::regclass::text || ' ' || pg_get_userbyid(c.relowner), ', ' ORDER BY c.oid::regclass::text COLLATE \"C\")
    FROM pg_class AS c WHERE c.relnamespace::regnamespace::text IN ('mrcall', 'mrcall_internal') AND c.relkind IN ('r', 'v', 'm', 'S', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"

keeper -f "$ROOT/sql/reference/reference.sql" -v visitors=300 -v seed=23 -f "$ROOT/sql/demo/generate.sql" >/dev/null
keeper -c 'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO leaving_heir, PUBLIC' -c 'CREATE EXTENSION mrcall_ext'
# Before attach: what needs it says so, whatever it reads.
for statement in "SELECT * FROM mrcall.roas($may)" 'SELECT * FROM mrcall.retention_due()' 'CALL mrcall.apply_session_retention(false)' \
    "SELECT * FROM mrcall.forget('x')" "SELECT * FROM mrcall.callers($may)" "SELECT mrcall.grant_read('leaving_analyst')" \
    "SELECT * FROM mrcall.sessionize($may)" "SELECT mrcall.link_visitor('customer', 'visitor-1')"; do
    refused "before attach: $statement" 42P01 'SELECT mrcall.attach();' leaving_keeper "$statement"
done
same 'before attach, doctor says so' 'error|SELECT mrcall.attach();' "$(keeper -c 'SELECT severity, fix FROM mrcall.doctor()')"
same 'no kept table is there before attach' '' "$(keeper -c "$kept")"
keeper >/dev/null 2>&1 <<'SQL'
SELECT mrcall.attach($${"calls": {"columns": {"outcome": "coalesce(data->>'outcome', 'none')"}}, "templates": {"table": null}}$$);
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (10, 'Own Letters', '^newsletter$');
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('bank.example');
DELETE FROM mrcall.ignored_referrer WHERE domain = 'accounts.google.com';
INSERT INTO mrcall.goal (name, page_pattern) VALUES ('pricing', '/pricing%');
INSERT INTO mrcall.spend VALUES ('2026-05-02', 'Paid Search', NULL, 90, 'EUR');
INSERT INTO public.session_retention_policies (business_id, archive_after_days, delete_after_days)
SELECT b.business_id, 1, CASE WHEN b.n % 3 = 0 THEN 60 END
FROM (SELECT business_id, row_number() OVER (ORDER BY business_id) AS n FROM public.business) AS b
ON CONFLICT DO NOTHING;
CALL mrcall.apply_session_retention(false);
SELECT mrcall.grant_read('leaving_analyst');
GRANT SELECT ON mrcall.visits TO PUBLIC;
SQL
same 'what the database grants on new tables is not granted on the kept ones' '' "$(keeper -c "
    SELECT string_agg(c.relname, ' ') FROM pg_class AS c WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace)
      AND c.relkind = 'r' AND has_table_privilege('leaving_heir', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER' || CASE
          -- Stored facts are for everybody who may read all that they are made of.
          WHEN c.relname IN ('visit', 'fact_state', 'fact_change') THEN '' ELSE ', SELECT' END)")"
keeper -c 'ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM leaving_heir, PUBLIC'
state >"$LOGS/leaving-before.out"
lines=$(grep -c '|[1-9]' "$LOGS/leaving-before.out")
[ "$lines" -ge 40 ] || die "only $lines reports and kept tables have rows" "$(cat "$LOGS/leaving-before.out")"
back() { # what
    state >"$LOGS/leaving-after.out"
    diff "$LOGS/leaving-before.out" "$LOGS/leaving-after.out" || die "$1: the reports are not what they were"
    echo "ok: $1: $lines reports and kept tables are what they were"
}
acl="SELECT string_agg(concat_ws(' ', c.relname, a.grantee::regrole, a.privilege_type, a.is_grantable), ', '
        ORDER BY c.relname, a.grantee, a.privilege_type)
    FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
    WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v' AND a.grantee <> c.relowner"
rights=$(keeper -c "$acl")
tables=$(keeper -c "${kept/\'v\', /}")

# Out by detach, without CASCADE, and in again.
same 'detach' '20 views dropped' "$(keeper -c 'SELECT mrcall.detach()')"
refused 'reports after detach' 42P01 'SELECT mrcall.attach();' leaving_keeper "SELECT * FROM mrcall.attribution($may)"
same 'detach again' '0 views dropped' "$(keeper -c 'SELECT mrcall.detach()')"
keeper -c 'DROP EXTENSION mrcall_ext'
same 'DROP EXTENSION leaves the kept tables alone' "$tables" "$(keeper -c "$kept")"
keeper -c 'ALTER TABLE public.sessions ALTER COLUMN owner TYPE varchar(100)' -c 'ALTER TABLE public.sessions ALTER COLUMN owner TYPE text'
keeper -c 'CREATE EXTENSION mrcall_ext'
refused 'reports before attach' 42P01 'SELECT mrcall.attach();' leaving_keeper "SELECT * FROM mrcall.attribution($may)"
same 'attach without a mapping' '14 of 15 logical tables attached' "$(keeper -c 'SELECT mrcall.attach()')"
back 'detach, DROP EXTENSION, CREATE EXTENSION, attach'
same 'what could be read can be read again' "$rights" "$(keeper -c "$acl")"
same 'and again' '14 of 15 logical tables attached' "$(keeper -c 'SELECT mrcall.attach()')"
back 'attach a second time'

# Out by CASCADE.
keeper -c 'DROP EXTENSION mrcall_ext CASCADE' 2>/dev/null
same 'CASCADE leaves the kept tables alone, and no view' "$tables" "$(keeper -c "$kept")"
for change in 'ALTER TABLE mrcall.spend OWNER TO leaving_heir' 'ALTER TABLE mrcall.spend DROP COLUMN campaign' \
    'ALTER TABLE mrcall.spend ALTER COLUMN cost TYPE float8' 'ALTER TABLE mrcall.spend ADD COLUMN note text' \
    'ALTER TABLE mrcall.spend RENAME TO spent' 'CREATE TABLE mrcall.events (n int)' 'CREATE VIEW mrcall.events AS SELECT 1 AS n' \
    'CREATE SEQUENCE mrcall_internal.s' 'CREATE TABLE mrcall.p (n int) PARTITION BY RANGE (n)'; do
    super_in -c BEGIN -c "$change" -c 'CREATE EXTENSION mrcall_ext' >"$LOGS/leaving-refused.out" 2>&1 && die "CREATE EXTENSION after: $change"
    grep -Eq 'is not one that the extension kept|is not empty' "$LOGS/leaving-refused.out" || die "$change" "$(cat "$LOGS/leaving-refused.out")"
    echo "ok: refused after $change"
done
keeper -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
back 'DROP EXTENSION CASCADE, CREATE EXTENSION, attach'
same 'what grant_read had granted can be read again' "$(keeper -c 'SELECT count(*) FROM mrcall.conversions')" \
    "$(as leaving_analyst -c 'SELECT count(*) FROM mrcall.conversions')"
same 'the schemas are no members' '' "$(keeper -c "SELECT d.objid::regnamespace FROM pg_depend AS d WHERE d.deptype = 'e'
    AND d.classid = 'pg_namespace'::regclass AND d.objid IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace)")"
same 'nothing of the kept tables needs the extension but the trigger' 'trigger keep_ignored_referrer on table mrcall.ignored_referrer' "$(keeper -c "
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend AS d
    JOIN pg_depend AS m ON m.classid = d.refclassid AND m.objid = d.refobjid AND m.deptype = 'e'
    JOIN pg_extension AS e ON m.refclassid = 'pg_extension'::regclass AND e.oid = m.refobjid AND e.extname = 'mrcall_ext'
    WHERE d.deptype IN ('n', 'a') AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = d.classid AND x.objid = d.objid AND x.deptype = 'e')
      AND d.classid IN ('pg_class'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_type'::regclass)
      AND NOT EXISTS (SELECT FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('v', 'c'))
      -- Those of stored facts, which go with the extension.
      AND d.refobjid NOT IN (SELECT x.objid FROM pg_depend AS x WHERE x.classid = 'pg_class'::regclass AND x.deptype = 'e')
    ORDER BY 1")"

# Dump and restore, by the owner and by a superuser, without a word.
"$PGBIN/pg_dump" -Fc "$(ROLE=leaving_keeper cluster url leaving)" >"$LOGS/leaving.dump"
for restorer in leaving_keeper postgres; do
    super -c 'DROP DATABASE IF EXISTS leaving_new WITH (FORCE)' -c 'CREATE DATABASE leaving_new OWNER leaving_keeper TEMPLATE template0' 2>/dev/null
    "$PGBIN/pg_restore" --exit-on-error -d "$(ROLE=$restorer cluster url leaving_new)" "$LOGS/leaving.dump" >"$LOGS/leaving-restore.out" 2>&1 ||
        die "$restorer cannot restore" "$(cat "$LOGS/leaving-restore.out")"
    same "restored by $restorer without a message" '' "$(cat "$LOGS/leaving-restore.out")"
    database=leaving_new
    back "restored by $restorer"
    keeper -c "SELECT mrcall.attach((SELECT jsonb_object_agg(logical_table, jsonb_build_object('table', relation, 'columns', columns)) FROM mrcall.source))" \
        -c "SELECT mrcall.grant_read('leaving_analyst')" >/dev/null
    back "attached again after a restore by $restorer"
    keeper -c 'SELECT mrcall.detach()' -c 'SELECT mrcall.attach()' >/dev/null
    back "detached and attached after a restore by $restorer"
    database=leaving
done

# Who attaches. All that it makes is the owner's.
owners="SELECT DISTINCT pg_get_userbyid(c.relowner) FROM pg_class AS c
    WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v')"
as leaving_member -c 'SELECT mrcall.detach()' -c 'SELECT mrcall.attach()' -c "SELECT current_user = 'leaving_member', current_setting('role')" \
    >"$LOGS/leaving-member.out"
same 'a member is itself again' 't|none' "$(tail -n 1 "$LOGS/leaving-member.out")"
same 'what a member attaches is the owner'"'s" leaving_keeper "$(keeper -c "$owners")"
back 'attached by a member of the owner'
keeper -c "SELECT mrcall.attach('{\"templates\": {\"table\": null}}')" -c 'SELECT mrcall.detach()' -c 'SELECT mrcall.attach()' >/dev/null
echo 'ok: the owner attaches after a member'
keeper -c 'GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO leaving_stranger' -c 'GRANT EXECUTE ON FUNCTION mrcall.attach, mrcall.detach TO leaving_stranger'
for statement in 'SELECT mrcall.attach()' "SELECT mrcall.attach('{\"calls\": {\"table\": null}}')" 'SELECT mrcall.detach()'; do
    refused "a stranger: $statement" 42501 'SET ROLE leaving_keeper;' leaving_stranger "$statement"
    refused "a superuser: $statement" 42501 'SET ROLE leaving_keeper;' postgres "$statement"
done
super_in -c 'SET ROLE leaving_keeper' -c 'SELECT mrcall.attach()' >/dev/null
same 'a superuser attaches as the owner' leaving_keeper "$(keeper -c "$owners")"

# What the owner wrote into mrcall.source is not run by a superuser.
keeper >/dev/null <<'SQL'
CREATE FUNCTION public.rise() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE leaving_keeper SUPERUSER;
    END IF;
    RETURN 'risen';
END $$;
CREATE TABLE public.source_before AS SELECT * FROM mrcall.source;
UPDATE mrcall.source SET columns = jsonb_set(columns, '{role}', '"public.rise()"') WHERE logical_table = 'customers';
UPDATE mrcall.source SET columns = jsonb_set(columns, '{outcome}', '"public.rise()"') WHERE logical_table = 'calls';
SQL
for statement in 'SELECT * FROM mrcall.doctor()' 'SELECT * FROM mrcall.retention_due()' 'CALL mrcall.apply_session_retention()' \
    'CALL mrcall.apply_session_retention(false)' 'SELECT mrcall.attach()' 'SELECT mrcall_internal.attached_mapping()'; do
    refused "a superuser: $statement" 42501 'SET ROLE leaving_keeper;' postgres "$statement"
done
same 'and nobody rose' f "$(super -c "SELECT rolsuper FROM pg_roles WHERE rolname = 'leaving_keeper'")"
keeper -c 'UPDATE mrcall.source AS s SET columns = b.columns FROM public.source_before AS b WHERE b.logical_table = s.logical_table' \
    -c 'DROP TABLE public.source_before' -c 'DROP FUNCTION public.rise()'
mapping="{\"calls\": {\"columns\": {\"outcome\": \"coalesce(data->>''outcome'', ''none'')\"}}, \"templates\": {\"table\": null}}"
keeper -c "SELECT mrcall.attach('$mapping')" >/dev/null
back 'the owner attached again'

# Locks: none for what is as it should be; else all at once, never long, and no deadlock for who reads.
coproc READER { "$PGBIN/psql" -X -q -At "$(ROLE=leaving_analyst cluster url leaving)" 2>&1; }
# Closed where the reader ends by itself.
reads=${READER[0]} writes=${READER[1]}
ask() { # statement; the reader's answer
    local answer
    printf '%s\n' "$1" >&"$writes"
    read -r -t 60 answer <&"$reads" && echo "$answer"
}
read_all="SELECT count(*) > 0 FROM (SELECT FROM mrcall.visits) AS v; "
same 'a reader has read views' t "$(ask "BEGIN; SELECT (SELECT count(*) FROM mrcall.visits) + (SELECT count(*) FROM mrcall.calls)
    + (SELECT count(*) FROM mrcall.conversions) + (SELECT count(*) FROM mrcall.identities) + (SELECT count(*) FROM mrcall.spend) > 0;")"
same 'attach beside it' '14 of 15 logical tables attached' "$(keeper -c "SET lock_timeout = '1s'" -c "SELECT mrcall.attach('$mapping')")"
refused 'another mapping beside it' 55P03 'Run it again' leaving_keeper "SET lock_timeout = '300ms'; SELECT mrcall.attach('{\"calls\": {\"table\": null}}')"
refused 'detach beside it' 55P03 'Run it again' leaving_keeper "SET lock_timeout = '300ms'; SELECT mrcall.detach()"
keeper -c "SELECT mrcall.attach('{\"calls\": {\"table\": null}}')" >"$LOGS/leaving-waits.out" 2>&1 &
waits=$!
# It holds no lock on other views while it waits for this one, and other readers are not kept waiting by it.
for _ in 1 2 3 4 5 6 7 8; do
    keeper -c "SET statement_timeout = '3s'" -c 'SELECT count(*) > 0 FROM mrcall.touches' >/dev/null || die "a reader waits for attach"
done
same 'the reader reads on' t "$(ask "$read_all")"
wait "$waits" && die "attach did not give up"
grep -q '55P03' "$LOGS/leaving-waits.out" || die "attach ended otherwise" "$(cat "$LOGS/leaving-waits.out")"
echo 'ok: attach gave up'
printf 'COMMIT;\n\\q\n' >&"$writes"
wait "$READER_PID" || true
back 'an attach that gave up'

# Readers and attaches that do change views, beside one another: each attach is done or gives up, and no reader is ever a victim.
other="${mapping%\}}, \"contacts\": {\"table\": null}}"
rounds=${SOAK:+400}
rounds=${rounds:-20}
rm -f "$LOGS/leaving-attach.out"
for reader in 1 2 3; do
    for _ in $(seq "$rounds"); do
        echo 'BEGIN; SELECT count(*) FROM mrcall.conversions; SELECT count(*) FROM mrcall.contacts; SELECT count(*) FROM mrcall.visits; COMMIT;'
    done | "$PGBIN/psql" -X -q -At "$(ROLE=leaving_keeper cluster url leaving)" >"$LOGS/leaving-reader$reader.out" 2>&1 &
done
attached=0
while [ -n "$(jobs -r)" ]; do
    for each in "$mapping" "$other"; do
        keeper -c "SELECT mrcall.attach('$each')" >>"$LOGS/leaving-attach.out" 2>&1 && attached=$((attached + 1))
    done
done
! grep ERROR "$LOGS"/leaving-reader?.out || die 'a reader is a victim of attach'
! grep ERROR "$LOGS/leaving-attach.out" | grep -v 55P03 || die 'attach ended otherwise'
answers=$(cat "$LOGS"/leaving-reader?.out | wc -l)
[ "$answers" = $((9 * rounds)) ] || die "the readers have read $answers counts"
[ "$attached" -gt 1 ] || die 'no attach was done beside readers' "$(tail -n 3 "$LOGS/leaving-attach.out")"
echo 'ok: no reader was a victim of an attach beside it'
keeper -c "SELECT mrcall.attach('$mapping')" >/dev/null
back 'attached again and again beside readers'

# A role leaves the company.
keeper -c 'GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO leaving_service' -c 'GRANT SELECT ON mrcall.source TO leaving_service' \
    -c 'GRANT SELECT, UPDATE ON public.customers_registry TO leaving_service' -c 'GRANT EXECUTE ON FUNCTION mrcall.link_visitor TO leaving_service'
customer=$(keeper -c 'SELECT min(id) FROM public.customers_registry')
super_in -c 'REASSIGN OWNED BY leaving_keeper TO leaving_heir' -c 'DROP OWNED BY leaving_keeper'
super -c 'ALTER DATABASE leaving OWNER TO leaving_heir' -c 'REVOKE leaving_keeper FROM leaving_member'
super -c 'DROP DATABASE leaving_new WITH (FORCE)'
super -c 'DROP OWNED BY leaving_keeper' -c 'DROP ROLE leaving_keeper'
OWNER=leaving_heir
back 'after REASSIGN OWNED, DROP OWNED and DROP ROLE'
keeper -c "SELECT mrcall.attach('{\"templates\": {\"table\": null}}')" -c 'SELECT mrcall.detach()' -c 'SELECT mrcall.attach()' \
    -c "SELECT mrcall.grant_read('leaving_stranger')" -c "SELECT mrcall.link_visitor('$customer', 'visitor-of-heir')" \
    -c 'CALL mrcall.apply_session_retention(false)' -c "SELECT * FROM mrcall.forget('nobody')" \
    -c "GRANT EXECUTE ON FUNCTION mrcall.forget TO leaving_stranger" >/dev/null
echo 'ok: the heir attaches, grants, links, retains, forgets'
as leaving_service -c "SELECT mrcall.link_visitor('$customer', 'visitor-of-service')" >/dev/null
same 'the service links as before' t "$(keeper -c "SELECT '{visitor-of-heir,visitor-of-service}' <@ website_session_ids FROM mrcall.customers WHERE customer_id = '$customer'")"
same 'everything is the heir'"'s" leaving_heir "$(keeper -c "$owners")"
"$PGBIN/pg_dump" -Fc "$(ROLE=leaving_heir cluster url leaving)" >"$LOGS/leaving.dump"
super -c 'CREATE DATABASE leaving_new OWNER leaving_heir TEMPLATE template0'
same 'and is dumped and restored without a message' '' \
    "$("$PGBIN/pg_restore" --exit-on-error -d "$(ROLE=leaving_heir cluster url leaving_new)" "$LOGS/leaving.dump" 2>&1)"
# Without REASSIGN OWNED before, DROP OWNED drops what the role owns: the extension, its views and the kept tables with it.
super_in -c 'DROP OWNED BY leaving_heir CASCADE' 2>/dev/null
same 'DROP OWNED takes all of it' '' "$(super_in -c "$kept")"
