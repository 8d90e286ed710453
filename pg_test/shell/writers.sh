#!/usr/bin/env bash
# Functions that write, in several sessions and by roles with just the rights that the documentation names: link_visitor beside others
# and beside an application that rewrites the document, forget and export_customer, and tables on other servers.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
SUPER=$(cluster super-url writers)
as() { # role, psql arguments…
    local role=$1
    shift
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(ROLE=$role cluster url writers)" "$@"
}
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$SUPER" "$@"; }
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
refused() { # what, SQLSTATE, role, statement
    local answer
    answer=$(as "$3" -v VERBOSITY=sqlstate -c "$4" 2>&1) && die "$1: was not refused" "$answer"
    is "$1" "ERROR:  $2" "$(grep -m 1 ERROR <<<"$answer")"
}
drop() {
    "$PGBIN/psql" -X -q "$(cluster super-url)" -c 'DROP DATABASE IF EXISTS writers WITH (FORCE)' \
        -c 'DROP ROLE IF EXISTS test_service, test_officer' 2>/dev/null
}
trap drop EXIT
drop
cluster new-database writers
password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$SUPER")
super -c "CREATE ROLE test_service LOGIN PASSWORD '$password'" -c "CREATE ROLE test_officer LOGIN PASSWORD '$password'"
as demo -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
as demo -c "INSERT INTO public.customers_registry (id, document) VALUES ('ann', '{\"name\": \"Ann\"}'), ('bob', '{}')"
browsers() { as demo -c "SELECT coalesce(jsonb_array_length(document -> 'website_session_ids'), 0) FROM public.customers_registry WHERE id = '$1'"; }

# Many at once: none is lost, each stands there once.
# As many as a customer may have, with those that come in below while others go.
sessions=8 links=$([ -n "${SOAK:-}" ] && echo 100 || echo 25)
for session in $(seq "$sessions"); do
    for link in $(seq "$links"); do
        echo "SELECT mrcall.link_visitor('ann', 'browser-$session-$link'); SELECT mrcall.link_visitor('ann', 'browser-all-$link');"
    done | as demo -f - >/dev/null &
done
wait
is "$sessions sessions at once: every link is there" $(((sessions + 1) * links)) "$(browsers ann)"
is 'each of them once' 0 "$(as demo -c "SELECT count(*) FROM (SELECT jsonb_array_elements_text(document -> 'website_session_ids') AS id
    FROM public.customers_registry WHERE id = 'ann') AS b GROUP BY id HAVING count(*) > 1" | grep -c . || true)"
is 'and what else the document says' Ann "$(as demo -c "SELECT document ->> 'name' FROM public.customers_registry WHERE id = 'ann'")"
# At once with unlink_visitor.
for link in $(seq "$links"); do echo "SELECT mrcall.unlink_visitor('ann', 'browser-all-$link');"; done | as demo -f - >/dev/null &
for link in $(seq "$links"); do echo "SELECT mrcall.link_visitor('ann', 'browser-more-$link');"; done | as demo -f - >/dev/null &
wait
is 'links and unlinks at once: none is lost' $(((sessions + 1) * links)) "$(browsers ann)"

# Waits until a query counts something: what is waited for stays until it is let go, however slow the machine.
await() {
    local tries=0
    until [ "$(as demo -c "$1")" -gt 0 ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || die "waited in vain for: $1"
        sleep 0.05
    done
}
export GO=$LOGS/writers-go
rm -f "$GO"
# An application that reads the document, then writes it, as docs/sources.md has it: the links of the time between are kept.
as demo <<'SQL' >/dev/null &
BEGIN;
SELECT document FROM public.customers_registry WHERE id = 'bob' FOR UPDATE \g /dev/null
SELECT pg_advisory_lock(1) \g /dev/null
\! until [ -e "$GO" ]; do sleep 0.05; done
UPDATE public.customers_registry SET document = '{"name": "Bob"}' WHERE id = 'bob';
COMMIT;
SQL
application=$!
await "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
as demo -c "SELECT mrcall.link_visitor('bob', 'browser-1')" >/dev/null &
link=$!
await "SELECT count(*) FROM pg_locks WHERE NOT granted"
touch "$GO"
wait "$application" "$link"
is 'a link waits for who has locked the row, and is kept' 'Bob 1' \
    "$(as demo -F ' ' -c "SELECT document ->> 'name', jsonb_array_length(document -> 'website_session_ids') FROM public.customers_registry WHERE id = 'bob'")"
as demo -c "UPDATE public.customers_registry SET document = document || '{\"name\": \"Robert\"}' WHERE id = 'bob'"
as demo -c "UPDATE public.customers_registry SET document = jsonb_set(document, '{city}', '\"Rome\"') WHERE id = 'bob'"
is 'one that writes its own keys loses none' 1 "$(browsers bob)"
rm -f "$GO"
# In a transaction whose snapshot is older than another's link: refused by the server, to be tried again, never lost.
as demo <<'SQL' >"$LOGS/writers-serial.out" 2>&1 &
\set VERBOSITY sqlstate
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM public.customers_registry \g /dev/null
SELECT pg_advisory_lock(2) \g /dev/null
\! until [ -e "$GO" ]; do sleep 0.05; done
SELECT mrcall.link_visitor('bob', 'browser-3');
SQL
older=$!
await "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 2"
as demo -c "SELECT mrcall.link_visitor('bob', 'browser-2')" >/dev/null
touch "$GO"
wait "$older" || true
is 'under REPEATABLE READ it is 40001' 1 "$(grep -c 'ERROR:  40001' "$LOGS/writers-serial.out")"
is 'and the other link is there' 2 "$(browsers bob)"

# The rights that the documentation names are enough, and needed.
refused 'a service without rights' 42501 test_service "SELECT mrcall.link_visitor('bob', 'service-1')"
as demo -c 'GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO test_service' \
    -c 'GRANT EXECUTE ON FUNCTION mrcall.link_visitor, mrcall.unlink_visitor TO test_service' \
    -c 'GRANT SELECT ON mrcall.source TO test_service' -c 'GRANT SELECT, UPDATE ON public.customers_registry TO test_service'
as test_service -c "SELECT mrcall.link_visitor('bob', 'service-1')" -c "SELECT mrcall.unlink_visitor('bob', 'service-1')" \
    -c "SELECT mrcall.link_visitor('bob', 'service-2')" >/dev/null
is 'a service with the rights of the documentation links and unlinks' 3 "$(browsers bob)"
refused 'but does not forget' 42501 test_service "SELECT mrcall.forget('bob')"
as demo -c "INSERT INTO public.business (business_id, owner) VALUES ('shop', 'bob')" \
    -c "INSERT INTO mrcall.session_archive (business_id, started_at, call_id) VALUES ('shop', '2025-01-01', 'call-1')" \
    -c "INSERT INTO mrcall_internal.first_contact VALUES ('shop', '\\x00', '2025-01-01')"
refused 'an officer without rights' 42501 test_officer "SELECT * FROM mrcall.forget('bob')"
# The statements as docs/forget.md has them.
# shellcheck disable=SC2016
sed -n '/^```sql skip$/,/^```$/p' "$ROOT/docs/forget.md" | grep -v '^```' | sed 's/privacy_officer/test_officer/g' >"$LOGS/writers-officer.sql"
[ -s "$LOGS/writers-officer.sql" ] || die "docs/forget.md names no rights"
as demo -f "$LOGS/writers-officer.sql"
is 'with the rights of the documentation it exports' '1 1' "$(as test_officer -F ' ' -c "SELECT jsonb_array_length(e -> 'mrcall.session_archive'),
    jsonb_array_length(e -> 'mrcall_internal.first_contact') FROM mrcall.export_customer('bob') AS e")"
is 'and forgets' 2 "$(as test_officer -c "SELECT sum(removed) FROM mrcall.forget('bob')")"
is 'which is in the audit' 'test_officer test_officer' "$(as demo -F ' ' -c "SELECT role, login FROM mrcall.audit WHERE action = 'forget'")"
is 'nothing is left' 0 "$(as demo -c "SELECT (SELECT count(*) FROM mrcall.session_archive) + (SELECT count(*) FROM mrcall_internal.first_contact)")"
refused 'the officer changes no line of the audit' 42501 test_officer "UPDATE mrcall.audit SET role = 'nobody'"
refused 'nor removes one' 42501 test_officer 'DELETE FROM mrcall.audit'
# A policy that hides businesses from the officer, who would leave half of it.
as demo -c 'ALTER TABLE public.business ENABLE ROW LEVEL SECURITY'
refused 'where row-level security hides rows nothing is half done' 55000 test_officer "SELECT * FROM mrcall.forget('ann')"
as demo -c 'ALTER TABLE public.business DISABLE ROW LEVEL SECURITY'

# Tables on other servers, a part of a table too. (A foreign-data wrapper without a handler can be made anywhere, and read nowhere.)
as demo -c 'CREATE TABLE public.accounts (LIKE public.customers_registry INCLUDING DEFAULTS) PARTITION BY LIST (realm)' \
    -c 'CREATE TABLE public.accounts_here PARTITION OF public.accounts DEFAULT' \
    -c "INSERT INTO public.accounts (id) VALUES ('carl')" -c "SELECT mrcall.attach('{\"customers\": {\"table\": \"public.accounts\"}}')" >/dev/null
as demo -c "SELECT mrcall.link_visitor('carl', 'browser-1')" >/dev/null
super -c 'CREATE FOREIGN DATA WRAPPER elsewhere' -c 'CREATE SERVER far FOREIGN DATA WRAPPER elsewhere' \
    -c "CREATE FOREIGN TABLE public.accounts_far PARTITION OF public.accounts FOR VALUES IN ('far') SERVER far"
refused 'link_visitor on a table with a foreign partition' 55000 demo "SELECT mrcall.link_visitor('carl', 'browser-2')"
refused 'unlink_visitor likewise' 55000 demo "SELECT mrcall.unlink_visitor('carl', 'browser-1')"
super -c 'DROP FOREIGN TABLE public.accounts_far'
as demo -c "SELECT mrcall.unlink_visitor('carl', 'browser-1')" >/dev/null
if [ "$(super -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 1 ]; then
    port=$(super -c 'SHOW port')
    super -c 'CREATE EXTENSION postgres_fdw' -c "CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '127.0.0.1', port '$port', dbname 'writers')" -c 'GRANT USAGE ON FOREIGN SERVER loop TO demo' \
        -c "CREATE USER MAPPING FOR demo SERVER loop OPTIONS (user 'demo', password '$password')"
    as demo -c 'CREATE SCHEMA remote' -c 'IMPORT FOREIGN SCHEMA public LIMIT TO (customers_registry, business) FROM SERVER loop INTO remote' \
        -c "SELECT mrcall.attach('{\"customers\": {\"table\": \"remote.customers_registry\"}, \"businesses\": {\"table\": \"remote.business\"}}')" >/dev/null
    refused 'link_visitor on a foreign table' 55000 demo "SELECT mrcall.link_visitor('bob', 'browser-4')"
    is 'which is as it was' 3 "$(browsers bob)"
    is 'doctor advises nothing that cannot run there' 0 "$(as demo -c "SELECT count(*) FROM mrcall.doctor()
        WHERE object LIKE 'remote.%' AND fix ~ 'CREATE INDEX|create_hypertable'")"
    is 'but says what the other server should have, and how rows come' 'remote.business 2,remote.customers_registry 2' \
        "$(as demo -c "SELECT string_agg(o, ',' ORDER BY o) FROM (SELECT object || ' ' || count(*) FROM mrcall.doctor()
        WHERE object LIKE 'remote.%' AND severity = 'info' GROUP BY object) AS d (o)")"
    as demo -c "SELECT fix FROM mrcall.doctor() WHERE fix LIKE '%fetch_size%'" | as demo -f -
    is 'and the fixes run' 0 "$(as demo -c "SELECT count(*) FROM mrcall.doctor() WHERE finding LIKE '%at a time%'")"
    index=$(as demo -c "SELECT substring(finding FROM 'run there: (.*)') FROM mrcall.doctor() WHERE finding LIKE '%run there%'")
    is 'the other server is told its own names' 'CREATE INDEX CONCURRENTLY ON public.business (owner);' "$index"
    as demo -c "$index"
else
    echo "skipped aloud: no postgres_fdw here"
fi
