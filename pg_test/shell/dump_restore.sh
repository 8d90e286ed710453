#!/usr/bin/env bash
# pg_dump by the ordinary role that owns the database, and restore into a new one: rules, ignored referrers and the mapping are
# kept, and the reports print the same. Stored visits do not come along, doctor says what to do, and the reports read the rows until then. Without TimescaleDB the same role restores; with it TimescaleDB wants a superuser to.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
SUPER=$(cluster super-url)
db() { # database, psql's arguments
    local name=$1
    shift
    "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster url "$name")" "$@"
}
drop_databases() {
    for name in dump_plain dump_plain_new dump_hyper dump_hyper_new; do
        "$PGBIN/psql" -X -q "$SUPER" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" 2>/dev/null
    done
    rm -f "$LOGS"/dump_{plain,hyper}*.*
}
trap drop_databases EXIT
empty() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$SUPER" -c "CREATE DATABASE $1 OWNER demo TEMPLATE template0"; }

fill() { # database
    db "$1" -f "$ROOT/sql/reference/reference.sql" -v visitors=300 -v seed=5 -f "$ROOT/sql/demo/generate.sql" >/dev/null
    db "$1" >/dev/null 2>&1 <<'SQL'
CREATE EXTENSION mrcall_ext;
-- A mapping that is not the default one, with quotes and a JSON path.
ALTER TABLE public.business RENAME COLUMN time_zone TO "Time 'Zone'";
SELECT mrcall.attach($${"businesses": {"columns": {"zone": "Time 'Zone'"}}, "templates": {"table": null},
    "calls": {"columns": {"language": "data#>>'{language}'", "outcome": "coalesce(data->>'outcome', 'none')"}}}$$);
INSERT INTO mrcall.channel_rule (position, channel, source_pattern, campaign_pattern) VALUES
    (10, 'Own Letters', '^newsletter$', NULL), (20, E'Tab\there \\ and "quotes"', '\.example$', '%');
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('bank.example');
INSERT INTO mrcall.ignored_referrer (domain, ignored) VALUES ('off.example', false);
DELETE FROM mrcall.ignored_referrer WHERE domain IN ('accounts.google.com', 'bank.example.invalid');
UPDATE mrcall.ignored_referrer SET ignored = false WHERE domain = 'appleid.apple.com';
SELECT mrcall.grant_read('pg_signal_backend');
-- What users build on the reports comes along too.
CREATE VIEW public.sign_ups AS SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01');
CREATE MATERIALIZED VIEW public.days AS SELECT bucket, visitors, visits FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01');
CREATE INDEX website_events_host ON public.website_events (mrcall.url_host(page_url));
CREATE INDEX ON public.stripe_webhooks_registry USING gin (mrcall.stripe_ids(document));
CREATE INDEX ON public.apple_webhooks_registry USING gin (mrcall.apple_ids(document));
SELECT mrcall.maintain();
CALL mrcall.refresh();
SQL
}
# Everything that has to be the same afterwards, as text.
state() { # database
    db "$1" -At <<'SQL'
SELECT * FROM mrcall.source ORDER BY 1;
SELECT * FROM mrcall.channel_rule ORDER BY 1;
SELECT * FROM mrcall.ignored_referrer ORDER BY 1;
SELECT c.relname, c.relkind, obj_description(c.oid, 'pg_class'), c.reloptions, c.relacl, pg_get_userbyid(c.relowner),
       (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class AS c WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v') ORDER BY 1;
SELECT p.oid::regprocedure, p.proacl FROM pg_proc AS p WHERE p.pronamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace)
ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'position_based', 'payment', dimension => 'campaign');
SELECT * FROM mrcall.visitor_buckets('7 days', '2026-02-01', '2026-06-01', 'Europe/Rome', 'channel');
SELECT * FROM mrcall.call_summary('1 month', '2026-02-01', '2026-06-01');
SELECT * FROM public.sign_ups;
SELECT * FROM public.days ORDER BY 1;
SELECT * FROM mrcall.visits ORDER BY visitor_id COLLATE "C", started_at LIMIT 200;
SELECT * FROM mrcall.doctor() AS d WHERE d.finding !~ 'mrcall.maintain';
SQL
}
# Nothing is stored in the new database but the triggers of its table; what doctor says begins it anew.
rebuild_facts() { # before, after
    local query
    [ "$(db "$1" -At -c 'SELECT f.rows > 100, f.fault IS NULL FROM mrcall.freshness() AS f')" = 't|t' ] || die "$1 has no stored visits"
    [ "$(db "$2" -At -c 'SELECT (SELECT count(*) FROM mrcall.visit), (SELECT count(*) FROM mrcall.freshness())')" = '0|0' ] ||
        die "$2 has stored visits that nobody has proved"
    db "$2" -c 'DELETE FROM public.website_events WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM public.website_events LIMIT 1)' ||
        die "$2: its triggers are in the way"
    db "$1" -At -c "SELECT count(*) - 1 FROM mrcall.events" >"$LOGS/$2.facts"
    db "$2" -At -c "SELECT count(*) FROM mrcall.events" | diff "$LOGS/$2.facts" - || die "$2: a row cannot be deleted"
    query="SELECT fix FROM mrcall.doctor() WHERE finding ~ 'has triggers of mrcall.maintain'"
    [ "$(db "$2" -At -c "$query")" = 'SELECT mrcall.maintain();' ] || die "doctor does not say that $2 has triggers of facts alone"
    db "$2" -At -c "$query" -o "$LOGS/$2.sql"
    db "$2" -f "$LOGS/$2.sql" -c 'CALL mrcall.refresh()' >/dev/null
    [ "$(db "$2" -At -c 'SELECT f.rows > 100, f.fault IS NULL FROM mrcall.freshness() AS f')" = 't|t' ] || die "$2 stores no visits"
    [ -z "$(db "$2" -At -c "SELECT * FROM mrcall.verify('visits', 1)")" ] || die "$2: what is stored is wrong"
    echo "ok: facts of $2 are made anew"
}
compare() { # before, after
    state "$1" >"$LOGS/$1.out"
    state "$2" >"$LOGS/$2.out"
    [ "$(wc -l <"$LOGS/$1.out")" -gt 300 ] || die "$1: there is nothing to compare"
    grep -q '^bank.example|t$' "$LOGS/$1.out" || die "$1: the added host is missing"
    grep -q '^accounts.google.com|f$' "$LOGS/$1.out" || die "$1: the deleted host is missing"
    diff "$LOGS/$1.out" "$LOGS/$2.out" || die "$2 is not what $1 was"
    echo "ok: $2 is what $1 was, $(wc -l <"$LOGS/$1.out") lines"
    rebuild_facts "$1" "$2"
    # The new one is the role's own: it edits the rules and drops the extension.
    db "$2" -c 'DELETE FROM mrcall.channel_rule' -c 'DROP EXTENSION mrcall_ext CASCADE' 2>/dev/null || die "$2 is not the role's own"
}

drop_databases
# Without TimescaleDB: the role alone, in both of pg_dump's forms.
empty dump_plain
fill dump_plain
"$PGBIN/pg_dump" "$(cluster url dump_plain)" >"$LOGS/dump_plain.sql"
empty dump_plain_new
db dump_plain_new -f "$LOGS/dump_plain.sql" >/dev/null
compare dump_plain dump_plain_new
"$PGBIN/psql" -X -q "$SUPER" -c 'DROP DATABASE dump_plain_new WITH (FORCE)'
"$PGBIN/pg_dump" -Fc "$(cluster url dump_plain)" >"$LOGS/dump_plain.dump"
empty dump_plain_new
"$PGBIN/pg_restore" --exit-on-error -d "$(cluster url dump_plain_new)" "$LOGS/dump_plain.dump"
compare dump_plain dump_plain_new

if [ "$TIMESCALEDB" = 0 ]; then
    echo "without TimescaleDB there are no hypertables to dump"
    exit 0
fi
cluster new-database dump_hyper
fill dump_hyper
"$PGBIN/pg_dump" -Fc "$(cluster url dump_hyper)" >"$LOGS/dump_hyper.dump" 2>"$LOGS/dump_hyper.out" ||
    die "the role cannot dump a database with hypertables" "$(cat "$LOGS/dump_hyper.out")"
cluster new-database dump_hyper_new
super_new=$(cluster super-url dump_hyper_new)
# The extension belongs to who creates it: that has to be the role again, not the superuser who restores the rest.
db dump_hyper_new -c 'CREATE EXTENSION mrcall_ext'
"$PGBIN/pg_restore" -l "$LOGS/dump_hyper.dump" | grep -vE ' (SCHEMA|EXTENSION) - mrcall(_ext|_internal)? ' >"$LOGS/dump_hyper.list"
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super_new" -c 'SELECT timescaledb_pre_restore()' >/dev/null
"$PGBIN/pg_restore" --exit-on-error -L "$LOGS/dump_hyper.list" -d "$super_new" "$LOGS/dump_hyper.dump"
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super_new" -c 'SELECT timescaledb_post_restore()' >/dev/null
[ "$(db dump_hyper_new -At -c 'SELECT count(*) FROM timescaledb_information.hypertables')" = 2 ] || die "the hypertables are gone"
compare dump_hyper dump_hyper_new
