#!/usr/bin/env bash
# The examples of README.md and docs/ run and print what they say they print.
# usage: docs.sh [file…]     URL names a database with the reference schema, the generated world and the extension
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${URL:?names the database to run the examples in}"
[ -n "${PGBIN:-}" ] && PATH=$PGBIN:$PATH
# Every page that mrcall.help names is there, and says the name.
while IFS='|' read -r page name; do
    grep -qwF -- "$name" "$page" || { echo "mrcall.help: $page says nothing of $name"; exit 1; }
done < <(psql -X -At "$URL" -c 'SELECT page, name FROM mrcall.help()')
exec python3 pg_test/docs_runner.py "$@"
