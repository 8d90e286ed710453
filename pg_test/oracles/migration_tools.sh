#!/usr/bin/env bash
# The migrations of docs/install_by_migration.md by the tools themselves: sqitch, of Debian, and Liquibase, of npm, both unpacked below
# build/; Flyway is in no package. The test of the same name runs the files as the tools do, without them.
# usage: migration_tools.sh     needs a server of make test's, npm and Java
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
export CLUSTER=test PATH=$PGBIN:$PATH
tools=$BUILD/migration_tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$tools"
if [ ! -d "$tools/sqitch" ]; then
    mapfile -t want < <(apt-get -s install --no-install-recommends sqitch libdbd-pg-perl | awk '/^Inst/ { print $2 }')
    mkdir -p "$tools/debs" && (cd "$tools/debs" && apt-get -o APT::Sandbox::User=root -qq download "${want[@]}")
    for deb in "$tools"/debs/*.deb; do dpkg-deb -x "$deb" "$tools/sqitch"; done
fi
[ -d "$tools/node_modules/liquibase" ] || (cd "$tools" && npm install --ignore-scripts --no-audit --no-fund --no-save liquibase@4.28.1)
awk -v dir="$work" '/^```sql migration$/ { n += 1; on = 1; next } /^```$/ { on = 0 } on { print > (dir "/" n ".sql") }' \
    "$ROOT/docs/install_by_migration.md"

fresh() { # an empty database with the application's tables
    "$ROOT/scripts/cluster.sh" new-database tools
    url=$("$ROOT/scripts/cluster.sh" url tools)
    psql -X -q -v ON_ERROR_STOP=1 "$url" -f "$ROOT/sql/reference/reference.sql"
    psql -X -q "$("$ROOT/scripts/cluster.sh" super-url tools)" -c 'CREATE ROLE analyst' 2>/dev/null || true
}
asks() { # what, statement
    [ "$(psql -X -q -At "$url" -c "$2")" = t ] || die "$1"
    say "ok: $1"
}
migrated() {
    asks "$1: the index is valid" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.business_by_owner'::regclass"
    asks "$1: the column is wider" "SELECT format_type(atttypid, atttypmod) = 'character varying(200)' FROM pg_attribute
        WHERE attrelid = 'public.business'::regclass AND attname = 'template'"
    asks "$1: the reports answer" 'SELECT count(*) >= 0 FROM public.channels'
}

fresh
PERL5LIB=$tools/sqitch/usr/share/perl5:$(printf '%s:' "$tools"/sqitch/usr/lib/*/perl5/*)
export PERL5LIB SQITCH_FULLNAME=Someone SQITCH_EMAIL=someone@example.org
sqitch() { (cd "$work/sqitch" && "$tools/sqitch/usr/bin/sqitch" "$@"); }
mkdir -p "$work"/sqitch/{deploy,verify,revert}
printf '[core]\n\tengine = pg\n' >"$work/sqitch/sqitch.conf"
printf '%%syntax-version=1.0.0\n%%project=app\n\n' >"$work/sqitch/sqitch.plan"
for n in 1 2 3 4; do
    printf 'step%s 2026-11-30T12:0%s:00Z Someone <someone@example.org> # step %s\n' "$n" "$n" "$n" >>"$work/sqitch/sqitch.plan"
    printf 'BEGIN;\n%s\nCOMMIT;\n' "$(cat "$work/$n.sql")" >"$work/sqitch/deploy/step$n.sql"
    cp "$work/5.sql" "$work/sqitch/verify/step$n.sql"
    echo 'SELECT 1;' >"$work/sqitch/revert/step$n.sql"
done
cp "$work/2.sql" "$work/sqitch/deploy/step2.sql"
printf 'BEGIN;\n%s\nCOMMIT;\n' "$(cat "$work/6.sql")" >"$work/sqitch/revert/step1.sql"
sqitch deploy --verify --target "db:pg:${url#postgresql:}"
migrated sqitch
sqitch revert -y --target "db:pg:${url#postgresql:}"
asks 'sqitch: all of it is undone' "SELECT count(*) = 0 FROM pg_extension WHERE extname = 'mrcall_ext'"

fresh
{
    echo '--liquibase formatted sql'
    for n in 1 2 3 4; do
        printf '\n--changeset app:%s%s\n' "$n" "$([ "$n" = 2 ] && echo ' runInTransaction:false')"
        cat "$work/$n.sql"
        [ "$n" = 1 ] && { printf -- '--rollback '; tr '\n' ' ' <"$work/6.sql"; echo; } || echo '--rollback SELECT 1;'
    done
} >"$work/changelog.sql"
password=$(sed -E 's#.*://[^:]*:([^@]*)@.*#\1#' <<<"$url")
liquibase() {
    (cd "$work" && "$tools/node_modules/liquibase/dist/liquibase/liquibase" --url="jdbc:postgresql://${url#*@}" --username=demo --password="$password" \
        --changelog-file=changelog.sql "$@")
}
liquibase update
migrated Liquibase
liquibase rollback-count --count=4
asks 'Liquibase: all of it is undone' "SELECT count(*) = 0 FROM pg_extension WHERE extname = 'mrcall_ext'"
psql -X -q "$("$ROOT/scripts/cluster.sh" super-url)" -c 'DROP DATABASE tools WITH (FORCE)' -c 'DROP ROLE IF EXISTS analyst'
