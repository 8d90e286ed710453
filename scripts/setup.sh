#!/usr/bin/env bash
# Sets up everything that the build and the tests need, each step skipped when it is done: Debian packages, a private copy
# of the server, TimescaleDB, the extension. usage: setup.sh [all|fuzz|lint|bench|report|chromium|clients NAME]
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# The community edition is made from the ordinary set-up.
EDITION=
choose_pg
# shellcheck source=scripts/setup_server.sh
. "$ROOT/scripts/setup_server.sh"
# shellcheck source=scripts/setup_report.sh
. "$ROOT/scripts/setup_report.sh"
# shellcheck source=scripts/setup_clients.sh
. "$ROOT/scripts/setup_clients.sh"

exec 9>"$BUILD/.lock"
flock -n 9 || {
    say "another make is at work in this folder; waiting for it"
    flock 9
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Debian's packages, only those that are missing. The server itself is not among them: installing it would start a
# cluster on this machine.
packages() {
    local want=(build-essential pkg-config clang libclang-dev dpkg-dev python3 python3-venv curl postgresql-common tzdata "$@")
    local missing=() p
    for p in "${want[@]}"; do installed "$p" || missing+=("$p"); done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null || die "this is no Debian, so packages cannot be installed by themselves" \
        "install the equivalents of: ${missing[*]}"
    need_root "${missing[@]}"
    run_logged "Debian packages: ${missing[*]}" "a minute or two" packages install_packages "${missing[@]}"
}

install_packages() {
    local apt=("${SUDO[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -y)
    "${apt[@]}" update
    "${apt[@]}" install --no-install-recommends "$@"
}

rust() {
    command -v cargo >/dev/null || die "cargo is not on the PATH" \
        "install Rust 1.95 or newer (rustup), then run the same command again"
    local have
    have=$(rustc --version | sed -E 's/^rustc ([0-9]+)\.([0-9]+).*/\1 \2/')
    # shellcheck disable=SC2086
    set -- $have
    [ "$1" -gt 1 ] || [ "$2" -ge 95 ] || die "Rust $1.$2 is too old" "1.95 is needed: rustup update"
}

extension() {
    local stamp=$BUILD/pg$PG/extension.stamp
    if [ -e "$stamp" ] && [ -z "$(find "$ROOT/src" "$ROOT/engine" "$ROOT/sql" "$ROOT"/Cargo.* "$ROOT/mrcall_ext.control" \
        -type f -newer "$stamp" -print -quit)" ]; then
        return
    fi
    touch "$stamp.new"
    run_logged "mrcall_ext for PostgreSQL $PG" "about three minutes the first time, half a minute after a change" extension \
        env PG_CONFIG="$PG_CONFIG" "$ROOT/scripts/install.sh"
    mv "$stamp.new" "$stamp"
}

# Tools that only lint, bench and the clients' tests need, from PyPI, in a folder of the project's.
venv() {
    local name=$1 dir=$BUILD/venv-$1 stamp
    shift
    stamp=$dir/$(printf '%s' "$*" | tr -c 'a-z0-9.\n' '_').stamp
    [ -e "$stamp" ] && return
    run_logged "Python tools for $name: $*" "up to a minute" "venv-$name" make_venv "$dir" "$@"
    touch "$stamp"
}

make_venv() {
    python3 -m venv --clear "$1" && "$1/bin/pip" install --disable-pip-version-check -q "${@:2}"
}

case "${1:-all}" in
all)
    packages
    rust
    server
    [ "$TIMESCALEDB" = 0 ] || timescaledb
    extension
    [ -z "$TSL_SOURCE" ] || community
    ;;
fuzz)
    # Not everywhere; without it that part is skipped.
    ! apt-cache show sqlsmith >/dev/null 2>&1 || packages sqlsmith
    ;;
lint)
    packages shellcheck
    rust
    venv lint pgspot==0.9.4
    ;;
bench)
    venv bench duckdb==2.0.0 chdb==4.4.0
    ;;
report)
    packages
    report_modules
    ;;
chromium)
    packages
    browser
    ;;
clients)
    clients "${2:-}"
    ;;
*) die "unknown part '$1'" "usage: setup.sh [all|fuzz|lint|bench|report|chromium|clients NAME]" ;;
esac
