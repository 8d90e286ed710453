#!/usr/bin/env bash
# Format, clippy, shell and SQL checks; any finding fails.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
"$ROOT/scripts/setup.sh" all
"$ROOT/scripts/setup.sh" lint
cd "$ROOT"
export PGRX_HOME=$BUILD/pgrx-$PG
cargo fmt --all --check || die "the code is not formatted" "run: cargo fmt --all"
run_logged "clippy: engine" "a minute the first time" clippy-engine cargo clippy -q -p mrcall_engine --all-targets -- -D warnings
run_logged "clippy: extension" "a minute the first time" clippy-extension \
    cargo clippy -q -p mrcall_ext --release --no-default-features --features "pg$PG" -- -D warnings
shellcheck -x .ci/run packaging/*.sh packaging/release.env scripts/*.sh pg_test/*/*.sh clients/*/*.sh
say "==> SQL: no tabs, no trailing blanks, no line over 140 characters"
bad=$(git ls-files -co --exclude-standard '*.sql' | xargs grep -nE $'\t| +$|^.{141,}' || true)
[ -z "$bad" ] || die "SQL style" "$bad"
say "==> the install script is ASCII: in databases of other encodings it has to come to its own error"
bad=$(scripts/install_sql.sh | LC_ALL=C grep -n '[^ -~]' || true)
[ -z "$bad" ] || die "not ASCII" "$bad"
say "==> no file over 800 lines"
bad=$(git ls-files -co --exclude-standard '*.rs' '*.sql' '*.sh' '*.py' | xargs wc -l | awk '$1 > 800 && $2 != "total"')
[ -z "$bad" ] || die "too long" "$bad"
say "==> pgspot: the install script is safe against other users' objects"
script=$(find "$("$PG_CONFIG" --sharedir)/extension" -name 'mrcall_ext--*.sql' | sort | tail -n 1)
ignored=$(sed -nE 's/^(PS[0-9]{3}).*/--ignore \1/p; s/^language ([a-z_]+).*/--ignore-lang \1/p' "$ROOT/scripts/pgspot.ignore" | tr '\n' ' ')
# shellcheck disable=SC2086
"$BUILD/venv-lint/bin/pgspot" $ignored "$script" >"$LOGS/pgspot.log" 2>&1 || { cat "$LOGS/pgspot.log"; die "pgspot has findings"; }
grep 'Errors:' "$LOGS/pgspot.log"
say "lint: clean"
