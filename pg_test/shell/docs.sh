#!/usr/bin/env bash
# The examples of README.md and docs/ run and print what they say they print.
# usage: docs.sh [file…]     URL names a database with the reference schema, the generated world and the extension; beside it are made
#        one with the demo that README.md is about, and a small one whose data end yesterday
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${URL:?names the database to run the examples in}"
[ -n "${PGBIN:-}" ] && PATH=$PGBIN:$PATH
# Every page that mrcall.help names is there, and says the name.
help=$(psql -X -At -v ON_ERROR_STOP=1 "$URL" -c 'SELECT page, name FROM mrcall.help()')
[ "$(wc -l <<<"$help")" -gt 50 ] || { echo "mrcall.help names hardly a page: $help"; exit 1; }
while IFS='|' read -r page name; do
    grep -qwF -- "$name" "$page" || { echo "mrcall.help: $page says nothing of $name"; exit 1; }
done <<<"$help"
# What the tests of long functions have left depends on the extension, as the examples would say.
psql -X -q "$URL" -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS public.heavy_row, public.heavy_state'
demo() { # database, visitors, last day
    local url
    scripts/cluster.sh new-database "$1"
    url=$(scripts/cluster.sh url "$1")
    psql -X -q -v ON_ERROR_STOP=1 "$url" -f sql/reference/reference.sql -v visitors="$2" -v until="$3" -f sql/demo/generate.sql \
        -f sql/demo/install.sql >&2
    echo "$url"
}
README_URL=$(demo readme 20000 2026-05-31)
FRESH_URL=$(demo fresh 300 "$(date -u -d yesterday +%F)")
export README_URL FRESH_URL
exec python3 pg_test/docs_runner.py "$@"
