#!/usr/bin/env bash
# The examples of README.md and docs/ run and print what they say they print.
# usage: docs.sh [file…]     URL names a database with the reference schema, the generated world and the extension
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
exec python3 pg_test/docs_runner.py "$@"
