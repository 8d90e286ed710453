#!/usr/bin/env bash
# Row-level security of the host's tables holds for archived calls and all that is derived, hashes of callers tell nobody anything,
# grant_read and revoke_read give and take what they say. SOAK=1: 2,400 questions of tenants beside a database of their rows alone.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
SUPER=$(cluster super-url)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$SUPER" "$@"; }
in_db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=verbose "${SUPER%/*}/rights" "$@"; }
owner() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url rights)" "$@"; }
as() { # role, statement…: as a superuser that has become the role
    local role=$1 options=()
    shift
    for statement in "$@"; do options+=(-c "$statement"); done
    in_db -c "SET ROLE $role" "${options[@]}" 2>&1
}
same() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
refused() { # what, SQLSTATE, role, statement
    local answer
    answer=$(as "$3" "$4") && die "$1: was not refused" "$answer"
    grep -q "ERROR:  $2" <<<"$answer" || die "$1" "wanted: $2" "got:    $answer"
    echo "ok: $1"
}
roles="rights_a, rights_b, rights_ab, rights_analyst, rights_other, rights_janitor"
drop_all() {
    super -c 'DROP DATABASE IF EXISTS rights WITH (FORCE)' 2>/dev/null
    super -c "DROP ROLE IF EXISTS $roles" 2>/dev/null
}
trap drop_all EXIT
drop_all
for role in ${roles//,/}; do super -c "CREATE ROLE $role"; done
cluster new-database rights
owner -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
in_db -f "$ROOT/pg_test/fixtures/rights.sql" >/dev/null
owner -c "INSERT INTO mrcall.spend VALUES (now()::date - 40, 'Paid Search', NULL, 100, 'EUR')" -c 'CALL mrcall.apply_session_retention(false)' >/dev/null
for role in ${roles//,/}; do owner -c "SELECT mrcall.grant_read('$role')" >/dev/null; done

same "retention has archived and deleted" t "$(owner -c "SELECT count(*) > 100 AND (SELECT count(*) > 20 FROM mrcall_internal.first_contact)
    AND (SELECT count(*) = 6 FROM mrcall_internal.first_call) FROM mrcall.session_archive")"

# ---- the functions with other rights than their caller's: the second is the trigger of stored facts (facts.sh)
same "two SECURITY DEFINER functions, the installer's, of a pinned path" \
    'mrcall_internal.had_deleted_calls(text[],text[],timestamp with time zone[])|demo|{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}
mrcall_internal.log_changes()|demo|{"search_path=pg_catalog, pg_temp"}' \
    "$(owner -c "SELECT p.oid::regprocedure, p.proowner::regrole, p.proconfig FROM pg_proc AS p
        WHERE p.pronamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND p.prosecdef
        ORDER BY p.proname COLLATE \"C\"")"
for role in rights_analyst rights_a demo; do
    refused "$role cannot ask it itself" 42501 $role "SELECT mrcall_internal.had_deleted_calls('{zza-2}', '{+39055001}', '{infinity}')"
    refused "$role cannot ask it whether there are any" 42501 $role "SELECT mrcall_internal.had_deleted_calls(NULL, NULL, NULL)"
done
same "nor right behind a report" 42501 "$(as rights_analyst "SELECT count(mrcall_internal.deleted_callers(now() - interval '60 days', now(), NULL)) > 0;" \
    "SELECT mrcall_internal.had_deleted_calls('{zza-2}', '{+39055001}', '{infinity}')" | grep -o 42501)"
same "nor in one statement with a report" 42501 "$(as rights_analyst "SELECT mrcall_internal.deleted_callers(now() - interval '60 days', now(), NULL),
    mrcall_internal.had_deleted_calls('{zza-2}', '{+39055001}', '{infinity}')" | grep -o 42501)"
# Code of the host, and what a reader may put in its way, runs while calls are read, and never while the question is open.
same "nor from a policy or a mapped function, whatever report asks" 't|t|t' "$(in_db -c 'BEGIN' -c "CREATE FUNCTION public.spy(id text) RETURNS boolean LANGUAGE plpgsql AS \$\$
    BEGIN
        PERFORM mrcall_internal.had_deleted_calls('{zza-2}', '{+39055001}', '{infinity}');
        RAISE EXCEPTION 'it has answered';
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN true;
    END \$\$" -c 'ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY' -c 'CREATE POLICY spy ON public.sessions USING (public.spy(id))' \
    -c 'ALTER TABLE public.business ENABLE ROW LEVEL SECURITY' -c 'CREATE POLICY spy ON public.business USING (public.spy(business_id))' \
    -c 'SET ROLE demo' -c "SELECT mrcall.attach('{\"calls\": {\"columns\": {\"language\": \"public.spy(id)::text\"}}}')" -c 'SET ROLE rights_a' \
    -c "SELECT (SELECT count(*) > 10 FROM mrcall.callers(now() - interval '60 days', now())),
           (SELECT sum(new_callers) > 0 FROM mrcall.call_summary('1 day', now() - interval '60 days', now())),
           (SELECT cardinality(mrcall_internal.deleted_callers(now() - interval '60 days', now(), NULL)) > 0)" -c 'ROLLBACK' | tail -n 1)"
# A question that fails leaves none open: here the hashes stay locked.
in_db -c 'BEGIN' -c 'LOCK TABLE mrcall_internal.first_contact IN ACCESS EXCLUSIVE MODE' -c 'SELECT pg_sleep(300)' >/dev/null 2>&1 &
holder="FROM pg_locks WHERE relation = 'mrcall_internal.first_contact'::regclass AND mode = 'AccessExclusiveLock' AND granted"
until [ "$(in_db -c "SELECT count(*) $holder")" = 1 ]; do sleep 0.2; done
same "nor behind a question that failed" '55P03 42501' "$(in_db -v ON_ERROR_STOP=0 -c 'SET ROLE rights_a' -c "SET lock_timeout = '100ms'" \
    -c "SELECT mrcall_internal.deleted_callers(now() - interval '60 days', now(), NULL)" \
    -c "SELECT mrcall_internal.had_deleted_calls('{zza-2}', '{+39055001}', '{infinity}')" 2>&1 | grep -oE '55P03|42501' | xargs)"
in_db -c "SELECT pg_terminate_backend(pid) $holder" >/dev/null
wait
for table in mrcall_internal.first_contact mrcall_internal.caller_key mrcall_internal.granted_right; do
    refused "an analyst does not read $table" 42501 rights_analyst "SELECT * FROM $table"
    in_db -c "GRANT SELECT ON ALL TABLES IN SCHEMA mrcall_internal TO rights_other"
    same "nor who was granted all tables: $table" 0 "$(as rights_other "SELECT count(*) FROM $table")"
done
same "nor pg_read_all_data" 0 "$(in_db -c 'GRANT pg_read_all_data TO rights_other' -c 'SET ROLE rights_other' -c 'SELECT count(*) FROM mrcall_internal.caller_key')"
same "the owner does" t "$(owner -c 'SELECT count(*) = 1 AND (SELECT count(*) > 20 FROM mrcall_internal.first_contact) FROM mrcall_internal.caller_key')"

# New callers: the owner, the analyst, and plain SQL over the hashes say the same; without the key the answer is another.
new_callers="SELECT sum(new_callers) FROM mrcall.call_summary('7 days', now() - interval '60 days', now())"
is_new="SELECT count(*) FILTER (WHERE is_new) || ' ' || count(*) FROM mrcall.callers(now() - interval '60 days', now())"
wanted=$(owner -c "SELECT count(*) FROM (SELECT c.business_id, c.caller, min(c.started_at) AS at FROM mrcall.calls AS c
        WHERE c.caller IS NOT NULL AND c.business_id IS NOT NULL AND c.started_at < now() GROUP BY 1, 2) AS f
    WHERE f.at >= now() - interval '60 days' AND NOT EXISTS (SELECT FROM mrcall_internal.first_contact AS k, mrcall_internal.caller_key AS s
        WHERE k.business_id = f.business_id AND k.first_at < f.at
          AND k.caller_hash = mrcall_internal.caller_hash(s.key, f.business_id, f.caller))")
for role in demo rights_analyst; do
    same "$role: new callers are those of the hashes" "$wanted" "$(as $role "SELECT sum(new_callers) FILTER (WHERE business_id IS NOT NULL)
        FROM mrcall.call_summary('7 days', now() - interval '60 days', now())")"
    same "$role: is_new is so too" "$(owner -c "$is_new")" "$(as $role "$is_new")"
done
same "they are fewer than without" t "$(owner -c "SELECT ($new_callers) < (SELECT count(*) FROM (
    SELECT business_id, caller FROM mrcall.calls WHERE caller IS NOT NULL GROUP BY 1, 2 HAVING min(started_at) >= now() - interval '60 days') AS x)")"

# ---- policies are there, whatever the order
same "row-level security is on, and policies are there" '' "$(owner -c "SELECT * FROM mrcall_internal.missing_policies()" \
    -c "SELECT * FROM mrcall_internal.missing_row_security()")"
same "an analyst sees what the owner sees" "$(owner -c "SELECT count(*), md5(string_agg(c::text, '' ORDER BY c::text)) FROM mrcall.calls AS c")" \
    "$(as rights_analyst "SELECT count(*), md5(string_agg(c::text, '' ORDER BY c::text)) FROM mrcall.calls AS c")"
same "spend and runs too" '1|1' "$(as rights_analyst "SELECT count(*), (SELECT count(*) FROM mrcall.retention_run) FROM mrcall.spend")"
same "attach again makes no policy anew" "$(owner -c 'SELECT array_agg(oid ORDER BY oid) FROM pg_policy')" \
    "$(owner -c 'SELECT mrcall.attach()' -c 'SELECT array_agg(oid ORDER BY oid) FROM pg_policy' | tail -n 1)"
# Without the views nobody but the owner sees what is kept; with them all is as it was, rights too.
before=$(as rights_analyst "SELECT count(*), count(caller) FROM mrcall.calls" "SELECT count(*) FROM mrcall_internal.first_call")
same "after detach the kept tables show nothing" "$(owner -c 'SELECT count(*) FROM mrcall.session_archive')|0|0" "$(owner -c 'SELECT mrcall.detach()' -c 'SELECT count(*) FROM mrcall.session_archive' | tail -n 1
    )|$(as rights_analyst 'SELECT (SELECT count(*) FROM mrcall.session_archive), (SELECT count(*) FROM mrcall_internal.first_call)')"
owner -c 'SELECT mrcall.attach()' >/dev/null
same "attach brings all back" "$before" "$(as rights_analyst "SELECT count(*), count(caller) FROM mrcall.calls" "SELECT count(*) FROM mrcall_internal.first_call")"
same "after DROP EXTENSION too" "$before" "$(owner -c 'DROP EXTENSION mrcall_ext CASCADE' 2>/dev/null
    as rights_analyst 'SELECT count(*) FROM mrcall.session_archive' | grep -x '[1-9].*'
    owner -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' -c "SELECT mrcall.grant_read('rights_analyst')" >/dev/null
    as rights_analyst "SELECT count(*), count(caller) FROM mrcall.calls" "SELECT count(*) FROM mrcall_internal.first_call")"
for role in ${roles//,/}; do owner -c "SELECT mrcall.grant_read('$role')" >/dev/null; done
# Where the host forces its policies on the owner of its tables, so do the tables of the extension, after attach.
same "forced on the owner where the host forces" 't|f|f' "$(owner -c 'BEGIN' -c 'ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY' \
    -c "CREATE POLICY mine ON public.sessions USING (business_id = 'zza-2')" -c 'SELECT mrcall.attach()' \
    -c "SELECT relforcerowsecurity, (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'mrcall_internal.first_contact'::regclass),
        EXISTS (SELECT FROM mrcall.session_archive) FROM pg_class WHERE oid = 'mrcall.session_archive'::regclass" -c 'ROLLBACK' | tail -n 1)"
# Policies below a view that is mapped count too, and a view that hides rows itself.
for barrier in 'SELECT * FROM public.business WHERE true' "SELECT * FROM public.business WHERE current_user <> 'rights_a' OR business_id LIKE 'zza%'"; do
    same "a view in place of a table" "$([[ $barrier = *true ]] && echo 't|t' || echo 'f|t')" "$(in_db -c 'BEGIN' -c 'SET ROLE demo' \
        -c "CREATE VIEW public.shops WITH ($([[ $barrier = *true ]] && echo security_invoker || echo security_barrier)) AS $barrier" \
        -c "SELECT mrcall.attach('{\"businesses\": {\"table\": \"public.shops\"}}')" -c "SELECT mrcall.grant_read('rights_a')" -c 'SET ROLE rights_a' \
        -c "SELECT count(*) FILTER (WHERE business_id NOT LIKE 'zza%') > 0, count(*) > 0 FROM mrcall.session_archive" -c 'ROLLBACK' | tail -n 1)"
done
same "a table with policies below a view" 'f|t' "$(in_db -c 'BEGIN' -c 'SET ROLE demo' \
    -c 'CREATE VIEW public.shops WITH (security_invoker) AS SELECT * FROM public.business' \
    -c "SELECT mrcall.attach('{\"businesses\": {\"table\": \"public.shops\"}}')" -c "SELECT mrcall.grant_read('rights_a')" -c 'RESET ROLE' \
    -c "SELECT test.protect('{business}', 'subquery')" -c 'SET ROLE rights_a' \
    -c "SELECT count(*) FILTER (WHERE business_id NOT LIKE 'zza%') > 0, count(*) > 0 FROM mrcall.session_archive" -c 'ROLLBACK' | tail -n 1)"
# A view that the owner has made for somebody without rights in mrcall shows what the owner sees.
same "an owner's own view over the archive" "$(owner -c 'SELECT count(*) FROM mrcall.session_archive')" "$(in_db -c 'BEGIN' -c 'CREATE ROLE rights_guest' \
    -c 'SET ROLE demo' -c 'CREATE VIEW public.of_owner AS SELECT * FROM mrcall.session_archive' -c 'RESET ROLE' \
    -c 'GRANT SELECT ON public.of_owner TO rights_guest' -c 'SET ROLE rights_guest' -c 'SELECT count(*) FROM public.of_owner' -c 'ROLLBACK' | tail -n 1)"

# A role that runs retention, by the grants that docs/retention.md names, writes the kept tables, policies or not.
# shellcheck disable=SC2016
sed -n '/^SELECT mrcall.grant_read(.janitor/,/^```/p' "$ROOT/docs/retention.md" | grep -v '^```' | sed 's/janitor/rights_janitor/g' |
    in_db >/dev/null
same "who runs retention by grants archives and deletes, in two batches" '1|t' "$(in_db -c 'BEGIN' \
    -c 'UPDATE public.session_retention_policies SET archive_after_days = 5, delete_after_days = 60' -c 'SET ROLE rights_janitor' \
    -c 'CALL mrcall.apply_session_retention(false, 3)' -c 'CALL mrcall.apply_session_retention(false, 100000)' \
    -c "SELECT count(DISTINCT role), sum(archived) > 20 AND sum(deleted) >= 0 FROM mrcall.retention_run WHERE role = 'rights_janitor'" -c 'ROLLBACK' | tail -n 1)"
# ---- grant_read, revoke_read
acl="SELECT string_agg(x.line, ', ' ORDER BY x.line) FROM (
    SELECT c.oid::regclass || ' ' || a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE a.grantee = 'rights_other'::regrole
    UNION ALL
    SELECT n.nspname || ' ' || a.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
    WHERE a.grantee = 'rights_other'::regrole) AS x (line)"
owner -c "SELECT mrcall.revoke_read('rights_other')" >/dev/null
in_db -c 'REVOKE ALL ON ALL TABLES IN SCHEMA mrcall_internal FROM rights_other' -c 'REVOKE pg_read_all_data FROM rights_other'
same "revoke_read leaves nothing" 0 "$(owner -c "SELECT (SELECT count(*) FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE a.grantee = 'rights_other'::regrole)
    + (SELECT count(*) FROM pg_namespace AS c, aclexplode(c.nspacl) AS a WHERE a.grantee = 'rights_other'::regrole)")"
refused "nothing is readable behind it" 42501 rights_other "SELECT * FROM mrcall.calls"
# Rights that were there before stay: of the extension's own, of the host's, of the schema.
owner -c 'GRANT USAGE ON SCHEMA mrcall TO rights_other' -c 'GRANT SELECT ON mrcall.visits, public.sessions TO rights_other' \
    -c 'GRANT INSERT ON public.website_events TO rights_other' -c 'CREATE VIEW mrcall.note AS SELECT 1' -c 'CREATE TABLE public.tokens (t text)'
before=$(owner -c "$acl")
owner -c "SELECT mrcall.grant_read('rights_other')" -c "SELECT mrcall.grant_read('rights_other')" >/dev/null
same "grant_read names what it grants: nothing that somebody else put into the schema" 'f|f|t|t' "$(owner -c "SELECT has_table_privilege('rights_other', 'mrcall.note', 'SELECT'),
    has_table_privilege('rights_other', 'public.tokens', 'SELECT'), has_table_privilege('rights_other', 'mrcall.conversions', 'SELECT'),
    has_table_privilege('rights_other', 'public.customers_registry', 'SELECT')")"
# A table that another attach leaves out is taken back all the same.
owner -c 'CREATE TABLE public.other_business (LIKE public.business INCLUDING ALL)' \
    -c "SELECT mrcall.attach('{\"businesses\": {\"table\": \"public.other_business\"}}')" -c "SELECT mrcall.grant_read('rights_other')" \
    -c 'SELECT mrcall.attach()' >/dev/null
same "the rights stay through attach" t "$(owner -c "SELECT has_table_privilege('rights_other', 'mrcall.businesses', 'SELECT')")"
owner -c "SELECT mrcall.revoke_read('rights_other')" >/dev/null
same "revoke_read takes back exactly what grant_read gave" "$before" "$(owner -c "$acl")"
same "and says so where it gave nothing" 'NOTICE:  role "rights_other" has no right by mrcall.grant_read' \
    "$(owner -c "SELECT mrcall.revoke_read('rights_other')" 2>&1 | grep NOTICE)"
refused "NULL" 22004 demo 'SELECT mrcall.revoke_read(NULL)'
refused "a role that does not exist" 42704 demo "SELECT mrcall.revoke_read('nobody at all')"
owner -c "SELECT mrcall.grant_read('rights_other')" >/dev/null
super -c 'ALTER ROLE rights_other RENAME TO rights_renamed'
owner -c "SELECT mrcall.revoke_read('rights_renamed')" >/dev/null
super -c 'ALTER ROLE rights_renamed RENAME TO rights_other'
same "a role that got another name loses them too" "$before" "$(owner -c "$acl")"
# As after a restore into another cluster, where the number is that of another role.
owner -c "SELECT mrcall.grant_read('rights_other')" -c "UPDATE mrcall_internal.granted_right SET role_id = 'rights_a'::regrole WHERE role = 'rights_other'" \
    -c "SELECT mrcall.revoke_read('rights_other')" >/dev/null
same "notes go by the name first" "$before" "$(owner -c "$acl")"
same "and what rights_a was granted stays" t "$(owner -c "SELECT has_table_privilege('rights_a', 'mrcall.calls', 'SELECT')")"
owner -c "SELECT mrcall.grant_read('rights_other')" -c 'SELECT mrcall.detach()' -c "SELECT mrcall.revoke_read('rights_other')" -c 'SELECT mrcall.attach()' >/dev/null
same "attach brings back nothing that was taken back behind detach" "$before" "$(owner -c "$acl")"
# A new role of an old name has no rights by notes of the old one.
owner -c "SELECT mrcall.grant_read('rights_other')" >/dev/null
in_db -c 'DROP OWNED BY rights_other' -c 'DROP ROLE rights_other' -c 'CREATE ROLE rights_other'
owner -c 'GRANT USAGE ON SCHEMA mrcall TO rights_other' -c 'GRANT SELECT ON mrcall.visits, public.sessions TO rights_other' \
    -c 'GRANT INSERT ON public.website_events TO rights_other' -c "SELECT mrcall.grant_read('rights_other')" -c "SELECT mrcall.revoke_read('rights_other')" >/dev/null
same "a new role of the name has and loses its own" "$before" "$(owner -c "$acl")"
# Foreign tables want a user on the other server.
same "grant_read says where a foreign server does not know the role" 'NOTICE:  role "rights_other" has no user mapping on the foreign server "elsewhere": its reports cannot read there
HINT:  CREATE USER MAPPING FOR rights_other SERVER elsewhere' "$(in_db -c 'BEGIN' -c 'CREATE FOREIGN DATA WRAPPER elsewhere' -c 'CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere' \
    -c 'CREATE FOREIGN TABLE public.far_template () INHERITS (public.template) SERVER elsewhere' -c 'SET ROLE demo' \
    -c "SELECT mrcall.grant_read('rights_other')" -c 'ROLLBACK' 2>&1 |
    grep -E -A1 '^NOTICE' | sed -E 's/ OPTIONS.*//; s/NOTICE:  00000: /NOTICE:  /')"

# ---- the page of promises names tests that are there
tests=$(grep -oE '.(shell|sql)/[a-z_]+\.(sh|sql)`' "$ROOT/docs/security.md" | tr -d '`' | sort -u)
for test in $tests; do [ -e "$ROOT/pg_test/$test" ] || die "docs/security.md names a test that is not there: $test"; done
same "docs/security.md names tests that are there" t "$([ "$(wc -w <<<"$tests")" -gt 8 ] && echo t)"
# ---- tenants: random questions beside a database that holds only what the policies leave
rounds=16 cases=14
[ "${SOAK:-}" ] && rounds=80 cases=30
SEED=${SEED:-$((RANDOM % 8 * 1000))}
echo "tenants: SEED=$SEED, $rounds policies, $cases questions each"
asked=0 answered=0 narrowed=0
for ((round = SEED; round < SEED + rounds; round++)); do
    in_db -F $'\x1f' -c BEGIN -c "SELECT asked, answered, narrowed, array_to_string(bad, E'\n====\n') FROM test.round($round, $cases)" -c ROLLBACK \
        >"$LOGS/rights-round.out" 2>"$LOGS/rights-round.err" || die "round $round" "$(tail -n 20 "$LOGS/rights-round.err")"
    IFS=$'\x1f' read -r a b c bad <"$LOGS/rights-round.out"
    [ -z "$bad" ] || die "round $round of rights.sh: a tenant's answer differs" "$(head -c 6000 "$LOGS/rights-round.out")"
    asked=$((asked + a)) answered=$((answered + b)) narrowed=$((narrowed + c))
done
echo "ok: $asked questions, $answered with an answer, $narrowed that policies narrow: no row, count or text of another tenant"
if [ $((answered * 3)) -le $((asked * 2)) ] || [ $((narrowed * 4)) -le "$asked" ]; then
    die "too few questions had anything to answer or to hide"
fi
