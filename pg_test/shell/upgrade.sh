#!/usr/bin/env bash
# Upgrades, on a server of its own with a copy of the files. A next version is made here from this one (pg_test/upgrade): a report has
# a column more, a function of the library too, an internal type an attribute more, and with SOAK=1 (make upgrade-test) a library is
# built for it that writes a new form of a state. In place are views, materialized views, stored states, stored facts, rights and open
# connections. What comes out has the same members, rights, comments and answers as a fresh installation. Then the same with every
# upgrade script of a released version.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
export TIMESCALEDB CLUSTER=upgrade
ordinary=$PREFIX
export EDITION=upgrade
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
work=$BUILD/upgrade
finish() {
    cluster remove >/dev/null 2>&1
    rm -rf "$PREFIX" "$work"/*.sql
}
trap finish EXIT
finish
mkdir -p "$work"
# Links to the same files: each is replaced under another name, never written over.
cp -al "$ordinary" "$PREFIX"
share=$("$PG_CONFIG" --sharedir)/extension
library=$("$PG_CONFIG" --pkglibdir)/mrcall_ext.so
this=$(sed -nE "s/^default_version = '(.*)'$/\1/p" "$share/mrcall_ext.control")
next=${this%.*}.$((${this##*.} + 1))
put() { # from, to
    cp "$1" "$2.new" && mv "$2.new" "$2"
}
offer() { # version: CREATE EXTENSION takes it from now on
    sed "s/^default_version = .*/default_version = '$1'/" "$share/mrcall_ext.control" >"$work/control.sql"
    put "$work/control.sql" "$share/mrcall_ext.control"
}

cluster start
password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$(cluster super-url)")
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url "${database:-postgres}")" "$@"; }
super -c "CREATE ROLE upgrade_reader LOGIN PASSWORD '$password'" -c 'CREATE ROLE upgrade_service'
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url "$database")" "$@"; }
same() { # what, file, file
    diff -U 2 "$2" "$3" | head -n 40
    cmp -s "$2" "$3" || die "$1"
    echo "ok: $1 ($(wc -l <"$3") lines)"
}
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}

# A database of an ordinary role, as one is in use; the rights are those that the extension's own functions and its users grant.
attribution=
fill() { # database, version
    database=$1
    cluster new-database "$database"
    db -f "$ROOT/sql/reference/reference.sql" -v visitors=90 -v seed=7 -f "$ROOT/sql/demo/generate.sql" -c "CREATE EXTENSION mrcall_ext VERSION '$2'" \
        -c "SELECT mrcall.attach('{\"templates\": {\"table\": null}}')" >/dev/null
    attribution=$(db -c "SELECT 'mrcall.attribution'::regproc::regprocedure")
    db >/dev/null 2>&1 <<'SQL'
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (10, 'Own Letters', '^newsletter$');
INSERT INTO mrcall.spend VALUES ('2026-05-02', 'Paid Search', NULL, 90, 'EUR');
SELECT mrcall.grant_read('upgrade_reader');
GRANT EXECUTE ON FUNCTION mrcall.link_visitor(text, text) TO upgrade_service;
SELECT mrcall.maintain();
CALL mrcall.refresh();
SQL
    super -c "REVOKE EXECUTE ON FUNCTION $attribution FROM PUBLIC" \
        -c "GRANT EXECUTE ON FUNCTION $attribution TO demo, upgrade_reader WITH GRANT OPTION" -c "GRANT USAGE ON TYPE mrcall.call_state TO upgrade_service"
}
users_objects() {
    db >/dev/null <<'SQL'
CREATE VIEW public.channels AS SELECT dimension_value, conversions FROM mrcall.attribution('2026-02-01', '2026-06-01');
COMMENT ON VIEW public.channels IS 'a user''s';
GRANT SELECT ON public.channels TO upgrade_reader;
CREATE MATERIALIZED VIEW public.channels_kept AS SELECT * FROM public.channels;
CREATE MATERIALIZED VIEW public.days AS SELECT local::date AS day, visits FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01', 'UTC');
CREATE UNIQUE INDEX ON public.days (day);
CREATE VIEW public.visits AS SELECT visitor_id, started_at, channel FROM mrcall.visits;
CREATE INDEX ON public.stripe_webhooks_registry USING gin (mrcall.stripe_ids(document));
CREATE TABLE public.states (day date PRIMARY KEY, visitors mrcall.distinct_state, calls mrcall.call_state);
INSERT INTO public.states SELECT d.day, d.visitors, c.calls
FROM (SELECT occurred_at::date AS day, mrcall.distinct_agg(visitor_id) AS visitors FROM mrcall.events GROUP BY 1) AS d
LEFT JOIN (SELECT started_at::date AS day, mrcall.call_agg(started_at, ended_at, outcome) AS calls FROM mrcall.calls
           WHERE ended_at >= started_at GROUP BY 1) AS c USING (day);
SQL
}
# Every answer names its columns, as users are told to.
cat >"$work/answers.sql" <<'SQL'
SELECT dimension_value, conversions, value, touches, visitors, currency FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear') ORDER BY 1, 6;
SELECT dimension_value, currency, first_touch_value, last_touch_conversions FROM mrcall.attribution_models('2026-02-01', '2026-06-01') ORDER BY 1, 2;
SELECT bucket, dimension_value, visits, visitors FROM mrcall.visitor_buckets('7 days', '2026-02-01', '2026-06-01', 'UTC', 'channel') ORDER BY 1, 2;
SELECT visitor_id, visit_no, started_at, channel FROM mrcall.visits ORDER BY 1, 2;
SELECT visitor_id, started_at, ended_at, events FROM mrcall.sessionize('2026-05-01', '2026-06-01') ORDER BY 1, 2;
SELECT page, pageviews, visitors FROM mrcall.top_pages('2026-05-01', '2026-06-01') ORDER BY 1;
SELECT bucket, calls, missed FROM mrcall.call_summary('7 days', '2026-02-01', '2026-06-01') ORDER BY 1;
SELECT conversion, conversion_id, value FROM mrcall.conversions ORDER BY 1, 2, 3;
SELECT day, mrcall.num_distinct(visitors), mrcall.num_calls(calls) FROM public.states ORDER BY 1;
SELECT mrcall.num_distinct(mrcall.rollup(visitors)) FROM public.states;
SELECT dimension_value, conversions FROM public.channels ORDER BY 1;
SELECT dimension_value, conversions FROM public.channels_kept ORDER BY 1;
SELECT day, visits FROM public.days ORDER BY 1;
SELECT visitor_id, started_at, channel FROM public.visits ORDER BY 1, 2;
SELECT function_name, version FROM mrcall_internal.rules() ORDER BY 1;
SQL
answers() { db -f "$work/answers.sql"; }
members() { super -f "$ROOT/pg_test/upgrade/members.sql"; }
versions() { db -c "SELECT severity, finding, fix FROM mrcall.doctor() WHERE object = 'mrcall_ext'"; }

# A connection that is open all the time.
connect() {
    coproc OPEN { exec "$PGBIN/psql" -X -q -At "$(cluster url "$database")" 2>&1; }
    open "PREPARE named AS SELECT dimension_value, conversions FROM mrcall.attribution('2026-02-01', '2026-06-01') ORDER BY 1"
    open "PREPARE visit AS SELECT visitor_id, started_at FROM mrcall.sessionize('2026-05-01', '2026-06-01') ORDER BY 1, 2"
}
open() {
    local line
    printf '%s;\n\\echo ---end---\n' "$1" >&"${OPEN[1]}"
    while IFS= read -r line <&"${OPEN[0]}" && [ "$line" != ---end--- ]; do printf '%s\n' "$line"; done
}
prepared() { open 'EXECUTE named' && open 'EXECUTE visit'; }

# As docs/upgrading.md has it.
upgrade() { # version
    db -c 'SELECT mrcall.dependents()' >"$work/dependents.sql"
    {
        echo 'BEGIN;'
        sed '/^-- Here:/,$d' "$work/dependents.sql"
        echo "ALTER EXTENSION mrcall_ext UPDATE TO '$1';"
        echo 'SELECT mrcall.attach(mrcall_internal.attached_mapping());'
        sed '1,/^-- Here:/d' "$work/dependents.sql"
        echo 'COMMIT;'
    } >"$work/upgrade.sql"
    db -f "$work/upgrade.sql" >"$LOGS/upgrade-run.log" 2>&1 || die "the upgrade to $1" "$(tail -n 5 "$LOGS/upgrade-run.log")"
}

rehearse() { # from, to, whether the library changes
    fill upgraded "$1"
    users_objects
    [ "$(wc -l <"$work/answers.sql")" -ge 15 ]
    answers >"$work/before.sql"
    [ "$(wc -l <"$work/before.sql")" -gt 500 ] || die "there is nothing to compare"
    is "doctor has nothing to say of versions" '' "$(versions)"
    connect
    prepared >"$work/prepared.sql"
    [ "$(wc -l <"$work/prepared.sql")" -gt 30 ] || die "the open connection answers nothing" "$(head -n 5 "$work/prepared.sql")"

    # The package is there, ALTER EXTENSION has not run.
    offer "$2"
    [ -z "$3" ] || put "$3" "$library"
    answers >"$work/after.sql"
    same "$1 with the files of $2: a new connection answers as before" "$work/before.sql" "$work/after.sql"
    prepared >"$work/after.sql"
    same "$1 with the files of $2: an open connection answers as before" "$work/prepared.sql" "$work/after.sql"
    is "doctor says that the update has not run" \
        "warning|the files on the server are of version $2, this database of $1|ALTER EXTENSION mrcall_ext UPDATE TO '$2';" "$(versions)"
    db -c "SELECT mrcall.attach(mrcall_internal.attached_mapping())" >/dev/null
    is "what attach makes meanwhile is of the version of its SQL" "$1" "$(db -c 'SELECT DISTINCT version FROM mrcall.source')"
    db -c "UPDATE public.website_events SET page_url = page_url WHERE session_id = (SELECT min(session_id) FROM public.website_events)" -c 'CALL mrcall.refresh()' 2>/dev/null
    is "facts are kept meanwhile" '' "$(db -c "SELECT key FROM mrcall.verify('visits', 1)")"

    upgrade "$2"
    is "the version" "$2" "$(db -c "SELECT extversion FROM pg_extension WHERE extname = 'mrcall_ext'")"
    answers >"$work/after.sql"
    same "upgraded from $1 to $2: the same answers" "$work/before.sql" "$work/after.sql"
    prepared >"$work/after.sql"
    same "upgraded from $1 to $2: what an open connection has prepared lives on" "$work/prepared.sql" "$work/after.sql"
    open "SELECT finding FROM mrcall.doctor() WHERE object = 'mrcall_ext'" >"$work/open.sql"
    if [ -n "$3" ]; then
        is "doctor tells the open connection to connect anew" \
            "this session has loaded the library of version $1, this database is of $2: connect anew" "$(cat "$work/open.sql")"
        is "doctor has nothing to say to a new one" '' "$(versions)"
    fi
    open '\q' >/dev/null || true
    db -c 'CALL mrcall.refresh()' 2>/dev/null
    is "facts after a refresh: nothing in the way" '' "$(db -c 'SELECT fault FROM mrcall.freshness()')"
    is "facts after a refresh: as computed anew" '' "$(db -c "SELECT key FROM mrcall.verify('visits', 1)")"
    answers >"$work/after.sql"
    same "upgraded, with facts: the same answers" "$work/before.sql" "$work/after.sql"
    # States of before and of now in one.
    db -c "WITH new AS (SELECT mrcall.distinct_agg(visitor_id) AS visitors FROM mrcall.events)
        SELECT mrcall.num_distinct(mrcall.rollup(s.visitors)) = (SELECT mrcall.num_distinct(visitors) FROM new)
        FROM (SELECT visitors FROM public.states UNION ALL SELECT visitors FROM new) AS s" >"$work/merged.sql"
    is "states of both versions merge" t "$(cat "$work/merged.sql")"
    db -c 'REFRESH MATERIALIZED VIEW CONCURRENTLY public.days' -c 'REFRESH MATERIALIZED VIEW public.channels_kept'
    is "a reader reads what it was granted" t \
        "$(ROLE=upgrade_reader "$PGBIN/psql" -X -q -At "$(ROLE=upgrade_reader cluster url upgraded)" -c 'SELECT count(*) > 0 FROM public.channels')"

    members >"$work/upgraded.sql"
    # A dump has the rights in it, and none that a fresh installation has by itself.
    "$PGBIN/pg_dump" --schema-only -n mrcall -n mrcall_internal "$(cluster super-url upgraded)" | grep -E '^(GRANT|REVOKE)' | sort >"$work/dump.sql" || true
    fill fresh "$2"
    [ -z "$3" ] || is "a fresh installation has the new library" "$2" "$(db -c 'SELECT mrcall.version()')"
    members >"$work/fresh.sql"
    "$PGBIN/pg_dump" --schema-only -n mrcall -n mrcall_internal "$(cluster super-url fresh)" | grep -E '^(GRANT|REVOKE)' | sort >"$work/fresh-dump.sql" || true
    [ "$(wc -l <"$work/fresh.sql")" -gt 3000 ] || die "the extension has hardly any members"
    same "upgraded from $1 to $2: members, rights, comments, tables and views as in a fresh $2" "$work/fresh.sql" "$work/upgraded.sql"
    [ -s "$work/dump.sql" ] || die "a dump has no rights"
    same "the same rights in a dump" "$work/fresh-dump.sql" "$work/dump.sql"
}

built=
"$ROOT/pg_test/upgrade/next_version.py" "$share/mrcall_ext--$this.sql" "$work/fresh-next.sql" "$work/upgrade-next.sql"
if [ "${SOAK:-}" = 1 ]; then
    "$ROOT/pg_test/upgrade/next_library.sh" "$next" "$work" >"$LOGS/upgrade-build.log" 2>&1 ||
        die "the library of the rehearsal" "$(tail -n 20 "$LOGS/upgrade-build.log")"
    built=$work/target/release/libmrcall_ext.so
fi
put "$work/fresh-next.sql" "$share/mrcall_ext--$next.sql"
put "$work/upgrade-next.sql" "$share/mrcall_ext--$this--$next.sql"
rehearse "$this" "$next" "$built"
rm "$share/mrcall_ext--$next.sql" "$share/mrcall_ext--$this--$next.sql"
offer "$this"
put "$("$(dirname "$PG_CONFIG")"/pg_config --pkglibdir | sed "s|$PREFIX|$ordinary|")/mrcall_ext.so" "$library"

# From every version that was released to this one.
for script in "$ROOT"/sql/mrcall_ext--*--"$this".sql; do
    [ -e "$script" ] || continue
    from=${script##*/mrcall_ext--}
    from=${from%%--*}
    fill upgraded "$from"
    upgrade "$this"
    members >"$work/upgraded.sql"
    fill fresh "$this"
    members >"$work/fresh.sql"
    same "upgraded from the released $from: as a fresh $this" "$work/fresh.sql" "$work/upgraded.sql"
done
