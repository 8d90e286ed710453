#!/usr/bin/env bash
# Builds the extension for one PostgreSQL and installs it there: needs cargo, clang and that server's headers.
# usage: install.sh [build]     PG_CONFIG=/usr/lib/postgresql/17/bin/pg_config DESTDIR=; build: without installing it
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
PG_CONFIG=$(command -v "${PG_CONFIG:-pg_config}") ||
    die "there is no ${PG_CONFIG:-pg_config}" "name one: make install PG_CONFIG=/usr/lib/postgresql/17/bin/pg_config"
PG=$("$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
case $PG in 15 | 16 | 17 | 18) ;; *) die "PostgreSQL $PG is not supported" "choose one of 15, 16, 17, 18" ;; esac

# Where pgrx looks for the server's headers.
export PGRX_HOME=$BUILD/pgrx-$PG
mkdir -p "$PGRX_HOME"
printf '[configs]\npg%s = "%s"\n' "$PG" "$PG_CONFIG" | cmp -s - "$PGRX_HOME/config.toml" ||
    printf '[configs]\npg%s = "%s"\n' "$PG" "$PG_CONFIG" >"$PGRX_HOME/config.toml"

cd "$ROOT"
cargo build --release --locked --no-default-features --features "pg$PG"
[ "${1:-}" != build ] || exit 0
version=$(sed -nE '/^\[workspace.package\]/,/^$/s/^version = "(.*)"$/\1/p' Cargo.toml)
library=${CARGO_TARGET_DIR:-target}/release/libmrcall_ext.so
to_library=${DESTDIR:-}$("$PG_CONFIG" --pkglibdir)
to_share=${DESTDIR:-}$("$PG_CONFIG" --sharedir)/extension
mkdir -p "$to_library" "$to_share"
# Each under another name first: writing over a library that a running server has loaded would crash it.
put() { install -m "$1" "$2" "$3.new" && mv "$3.new" "$3"; }
put 755 "$library" "$to_library/mrcall_ext.so"
sed "s/@CARGO_VERSION@/$version/" mrcall_ext.control | put 644 /dev/stdin "$to_share/mrcall_ext.control"
scripts/install_sql.sh | put 644 /dev/stdin "$to_share/mrcall_ext--$version.sql"
# Upgrades, and the install scripts of earlier versions, which are frozen.
for script in sql/mrcall_ext--*.sql; do
    [ ! -e "$script" ] || put 644 "$script" "$to_share/${script##*/}"
done
