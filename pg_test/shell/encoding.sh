#!/usr/bin/env bash
# Databases in other encodings than UTF-8.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
choose_pg
export PGCLIENTENCODING=UTF8
super=$("$ROOT/scripts/cluster.sh" super-url postgres)
OUT=$LOGS/encoding.out
latin1() { "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose -v ON_ERROR_STOP=1 "${super%/*}/latin1" "$@" >"$OUT" 2>&1; }
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super" -c 'DROP DATABASE IF EXISTS latin1' \
    -c "CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
trap '"$PGBIN/psql" -X -q "$super" -c "DROP DATABASE latin1"' EXIT

refuses_to_install() { ! latin1 -c 'CREATE EXTENSION mrcall_ext' && grep -qE '0A000|55000' "$OUT"; }
expected_failure 'CREATE EXTENSION refuses a database that is not in UTF-8' refuses_to_install

# What takes such a text says that it cannot.
says_so() { ! latin1 -c "$1" && grep -q 55000 "$OUT" && ! grep -qiE 'panic|XX000' "$OUT"; }
passes 'channel of an address in LATIN1' says_so "SELECT mrcall.channel('https://münchen.example/', NULL)"
passes 'a state of a page in LATIN1' says_so "SELECT mrcall.visit_agg(now(), '30 minutes', 'ü', NULL)"
passes 'a path of channels in LATIN1' says_so "SELECT mrcall.path_agg(ARRAY['ü'], 1, 0, 0), mrcall.num_paths(mrcall.path_agg(ARRAY['ü'], 1, 0, 0)),
    mrcall.path_transform(ARRAY['ü'], 'unique')"
gives_its_letter() { latin1 -c "SELECT mrcall.url_param('https://a.example/?q=%C3%BC', 'q')" && [ "$(cat "$OUT")" = 'ü' ]; }
expected_failure 'a text that is made of an address is in the encoding of the database' gives_its_letter
