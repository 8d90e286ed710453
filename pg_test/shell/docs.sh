#!/usr/bin/env bash
# The examples of README.md and docs/ run and print what they say they print.
# usage: docs.sh [file…]     URL names a database with the reference schema, the generated world and the extension
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${URL:?names the database to run the examples in}"
[ -n "${PGBIN:-}" ] && PATH=$PGBIN:$PATH
exec python3 pg_test/docs_runner.py "$@"
