#!/usr/bin/env bash
# An ordinary role installs the extension, attaches it, edits its rules, lets an analyst read and a service write, and removes
# it again, in a database without TimescaleDB and in one with it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
SUPER=$(cluster super-url)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$SUPER" "$@"; }
as() { # role, statement…
    local role=$1
    shift
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate "$(ROLE=$role cluster url "$database")" "$@"
}
installer() { as demo "$@"; }
same() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
refused() { # what, SQLSTATE, role, statement
    local answer
    answer=$(as "$3" -c "$4" 2>&1) && die "$1: was not refused" "$answer"
    same "$1" "ERROR:  $2" "$(grep -m 1 ERROR <<<"$answer")"
}

password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$SUPER")
drop_roles() {
    super -c "DROP DATABASE IF EXISTS install_plain WITH (FORCE)" -c "DROP DATABASE IF EXISTS install_hyper WITH (FORCE)" \
        -c 'DROP DATABASE IF EXISTS install_encoding WITH (FORCE)' \
        -c 'DROP ROLE IF EXISTS test_analyst, test_service' 2>/dev/null
}
trap drop_roles EXIT
drop_roles
super -c "CREATE ROLE test_analyst LOGIN PASSWORD '$password'" -c "CREATE ROLE test_service LOGIN PASSWORD '$password'"

# What there is of the extension, from the catalogue.
residue="SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('mrcall')) || ' functions, '
    || (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('mrcall') AND relkind NOT IN ('r', 'i')) || ' views, '
    || (SELECT count(*) FROM pg_type WHERE typnamespace = to_regnamespace('mrcall') AND typtype <> 'c' AND typcategory <> 'A')
    || ' types, '
    || (SELECT count(*) FROM pg_extension WHERE extname = 'mrcall_ext') || ' extensions'"
# Every report as one line each.
digest="SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM"
may="'2026-05-01', '2026-06-01'"
reports="$digest mrcall.attribution('2026-02-01', '2026-06-01', 'linear') AS r
    UNION ALL $digest mrcall.attribution('2026-02-01', '2026-06-01', 'time_decay', 'payment') AS r
    UNION ALL $digest mrcall.visitor_buckets('1 day', $may, 'Europe/Rome', 'channel') AS r
    UNION ALL $digest mrcall.call_summary('1 day', $may, 'Europe/Rome') AS r
    UNION ALL $digest mrcall.sessionize($may) AS r
    UNION ALL $digest mrcall.conversions AS r
    UNION ALL $digest mrcall.touches AS r
    UNION ALL $digest mrcall.identities AS r
    UNION ALL $digest mrcall.doctor() AS r"

whole_life() { # database
    database=$1
    same "$database: the installer is no superuser" f "$(installer -c 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')"
    # Not into a schema that is somebody else's, open, or in use.
    super_in() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "${SUPER%/*}/$database" "$@"; }
    for schema in mrcall mrcall_internal; do
        super_in -c "CREATE SCHEMA $schema AUTHORIZATION test_service"
        refused "$database: not into the schema $schema of another role" 55000 demo 'CREATE EXTENSION mrcall_ext'
        super_in -c "ALTER SCHEMA $schema OWNER TO demo"
        installer -c "GRANT CREATE ON SCHEMA $schema TO PUBLIC"
        refused "$database: not into a schema $schema where others may create" 55000 demo 'CREATE EXTENSION mrcall_ext'
        installer -c "REVOKE CREATE ON SCHEMA $schema FROM PUBLIC" -c "CREATE TABLE $schema.t ()"
        refused "$database: not into a schema $schema that has a table" 55000 demo 'CREATE EXTENSION mrcall_ext'
        installer -c "DROP TABLE $schema.t" -c "CREATE FUNCTION $schema.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
        refused "$database: not into a schema $schema that has a function" 55000 demo 'CREATE EXTENSION mrcall_ext'
        installer -c "DROP FUNCTION $schema.f()"
    done
    installer -c 'CREATE EXTENSION mrcall_ext' -c 'DROP EXTENSION mrcall_ext'
    # Into an empty database, and out of it again.
    installer -c 'CREATE EXTENSION mrcall_ext'
    refused "$database: reports before attach" 42P01 demo "SELECT * FROM mrcall.attribution($may)"
    refused "$database: attach without tables" 42P01 demo 'SELECT mrcall.attach()'
    installer -c 'DROP EXTENSION mrcall_ext'
    same "$database: nothing is left of an empty installation" '0 functions, 0 views, 0 types, 0 extensions' "$(installer -c "$residue")"

    installer -f "$ROOT/sql/reference/reference.sql" -v visitors=300 -v seed=11 -f "$ROOT/sql/demo/generate.sql" >/dev/null
    installer -c 'CREATE EXTENSION mrcall_ext'
    same "$database: attach" '15 of 15 logical tables attached' "$(installer -c 'SELECT mrcall.attach()')"
    installer -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Our Letters', 'newsletter')" \
        -c "UPDATE mrcall.channel_rule SET medium_pattern = 'e' WHERE position = 1" \
        -c "INSERT INTO mrcall.ignored_referrer VALUES ('bank.example')" \
        -c "DELETE FROM mrcall.ignored_referrer WHERE domain = 'accounts.google.com'" 2>/dev/null

    refused "$database: an analyst without rights" 42501 test_analyst "SELECT * FROM mrcall.attribution($may)"
    installer -c "SELECT mrcall.grant_read('test_analyst')" >/dev/null
    same "$database: the analyst reads what the installer reads" "$(installer -c "$reports")" "$(as test_analyst -c "$reports")"
    installer -At -c "SELECT format('SELECT count(*) FROM mrcall.%I;', viewname) FROM pg_views WHERE schemaname = 'mrcall'" |
        as test_analyst -f - >/dev/null || die "$database: the analyst cannot read every view"
    refused "$database: the analyst writes no rule" 42501 test_analyst "DELETE FROM mrcall.channel_rule"
    refused "$database: the analyst links no visitor" 42501 test_analyst "SELECT mrcall.link_visitor('x', 'visitor-1')"
    refused "$database: the analyst attaches nothing" 42501 test_analyst "SELECT mrcall.attach()"
    refused "$database: the analyst grants nothing" 42501 test_analyst "SELECT mrcall.grant_read('test_service')"
    refused "$database: the analyst reads no other table" 42501 test_analyst "SELECT * FROM public.api_key_users"
    # A right that went missing is an error that doctor explains to whom it concerns.
    installer -c 'REVOKE SELECT ON public.sessions FROM test_analyst'
    refused "$database: a report on a table without rights" 42501 test_analyst "SELECT * FROM mrcall.call_summary('1 day', $may)"
    same "$database: doctor names the missing right" 'error|public.sessions|GRANT SELECT ON public.sessions TO test_analyst;' \
        "$(as test_analyst -c "SELECT severity, object, fix FROM mrcall.doctor() WHERE severity = 'error'")"

    # The indexes of explain_conversion ask no rights of who writes webhooks.
    installer -c 'CREATE INDEX ON public.stripe_webhooks_registry USING gin (mrcall.stripe_ids(document))' \
        -c 'CREATE INDEX ON public.apple_webhooks_registry USING gin (mrcall.apple_ids(document))' \
        -c 'GRANT INSERT ON public.stripe_webhooks_registry, public.apple_webhooks_registry TO test_service'
    as test_service \
        -c "INSERT INTO public.stripe_webhooks_registry (document) VALUES ('{\"type\": \"invoice.paid\", \"data\": {\"object\": {}}}')" \
        -c "INSERT INTO public.apple_webhooks_registry (document) VALUES ('{\"signedPayload\": \"e30.e30.e30\"}')" ||
        die "$database: a role without rights on the schema cannot write webhooks"

    # The service that calls link_visitor at sign-up is another role than the installer.
    refused "$database: the service without rights" 42501 test_service "SELECT mrcall.link_visitor('x', 'visitor-1')"
    installer -c 'GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO test_service' -c 'GRANT SELECT ON mrcall.source TO test_service' \
        -c 'GRANT SELECT, UPDATE ON public.customers_registry TO test_service' \
        -c 'GRANT EXECUTE ON FUNCTION mrcall.link_visitor TO test_service' 2>/dev/null
    customer=$(installer -c 'SELECT min(id) FROM public.customers_registry')
    as test_service -c "SELECT mrcall.link_visitor('$customer', 'service-visitor')" >/dev/null ||
        die "$database: the installer cannot let a service call link_visitor"
    same "$database: the service links a visitor" service-visitor \
        "$(installer -c "SELECT website_session_id FROM mrcall.customers WHERE customer_id = '$customer'")"

    # Out again: without CASCADE the views stand in the way, with it nothing of the extension is left, and all of the data is.
    rows='SELECT (SELECT count(*) FROM public.website_events) + (SELECT count(*) FROM public.sessions)'
    before=$(installer -c "$rows")
    refused "$database: drop without CASCADE" 2BP01 demo 'DROP EXTENSION mrcall_ext'
    installer -c 'DROP EXTENSION mrcall_ext CASCADE' 2>/dev/null
    same "$database: nothing is left of the extension" '0 functions, 0 views, 0 types, 0 extensions' "$(installer -c "$residue")"
    same "$database: the data is as it was" "$before" "$(installer -c "$rows")"
    # And in again: what cannot be computed again was kept (leaving.sh looks at all of it).
    installer -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
    same "$database: the rules are those of before" '1|Our Letters|e' "$(installer -c 'SELECT position, channel, medium_pattern FROM mrcall.channel_rule')"
    # By hand nothing is kept at all.
    installer -c 'DROP EXTENSION mrcall_ext CASCADE' -c 'DROP SCHEMA mrcall, mrcall_internal CASCADE' -c 'CREATE EXTENSION mrcall_ext' \
        -c 'SELECT mrcall.attach()' >/dev/null 2>&1
    same "$database: the rules are the seed again" 0 "$(installer -c 'SELECT count(*) FROM mrcall.channel_rule')"
    installer -c 'SELECT mrcall.detach()' -c 'DROP EXTENSION mrcall_ext' -c 'DROP SCHEMA mrcall, mrcall_internal CASCADE' >/dev/null 2>&1
    same "$database: without the schemas nothing is left at all" '' "$(installer -c "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'mrcall%'")"
}

cluster start
# A server for text in other encodings, and for bytes that are no text.
for encoding in LATIN1 SQL_ASCII EUC_JP; do
    database=install_encoding
    super -c "CREATE DATABASE $database OWNER demo TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'"
    refused "not into a database in $encoding" 0A000 demo 'CREATE EXTENSION mrcall_ext'
    super -c "DROP DATABASE $database WITH (FORCE)"
done
super -c 'CREATE DATABASE install_plain OWNER demo TEMPLATE template0'
whole_life install_plain
if [ "$TIMESCALEDB" != 0 ]; then
    cluster new-database install_hyper
    whole_life install_hyper
fi
