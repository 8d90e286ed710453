#!/usr/bin/env bash
# Debian roots below build/release/, made by debootstrap as root.
# usage: root.sh base RELEASE                a fresh root's files, unpacked once: build/release/base-RELEASE
#        root.sh new RELEASE NAME [packages…]   a copy of them with packages more: build/release/NAME
#        root.sh run NAME [--offline] command…  runs a command there, with this machine's Rust below /opt/rust
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
ROOTS=$BUILD/release
mkdir -p "$ROOTS"

base() { # release
    local to=$ROOTS/base-$1 mirror
    [ -e "$to.stamp" ] && return
    [ "$(id -u)" = 0 ] || die "a Debian root is made by root" "run it as root"
    command -v debootstrap >/dev/null || die "there is no debootstrap" "apt-get install debootstrap"
    # shellcheck disable=SC2016  # apt's own variables
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
    [ -n "$mirror" ] || die "this machine has no package list of Debian's" "run: apt-get update"
    rm -rf "$to"
    run_logged "Debian $1" "half a minute" "debootstrap-$1" debootstrap --variant=minbase "$1" "$to" "$mirror"
    touch "$to.stamp"
}

# What is mounted is seen by the command alone, and is gone with it.
run() { # name, [--offline], command…
    local root=$ROOTS/$1 apart=(--mount --pid --fork) rust
    shift
    if [ "$1" = --offline ]; then
        apart+=(--net)
        shift
    fi
    rust=$(rustc --print sysroot)
    mkdir -p "$root/opt/rust"
    # shellcheck disable=SC2016  # for the shell inside
    unshare "${apart[@]}" bash -c '
        set -e
        root=$1 rust=$2
        shift 2
        mount --make-rprivate /
        mount --bind -o ro "$rust" "$root/opt/rust"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/dev/shm"
        ip link set lo up 2>/dev/null || true
        exec chroot "$root" env -i PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"' bash "$root" "$rust" "$@"
}

new() { # release, name, packages…
    local release=$1 name=$2
    shift 2
    base "$release"
    rm -rf "${ROOTS:?}/$name"
    cp -a "$ROOTS/base-$release" "$ROOTS/$name"
    cp /etc/resolv.conf "$ROOTS/$name/etc/resolv.conf"
    # No service starts while packages are installed.
    printf '#!/bin/sh\nexit 101\n' >"$ROOTS/$name/usr/sbin/policy-rc.d"
    chmod 755 "$ROOTS/$name/usr/sbin/policy-rc.d"
    run_logged "Debian $release: packages for $name" "a minute or two" "root-$name" packages "$name" "$@"
}

packages() { # name, packages…
    local name=$1
    shift
    run "$name" apt-get update || return 1
    [ $# = 0 ] || run "$name" apt-get install -y --no-install-recommends "$@"
}

command=${1:-}
shift || true
case $command in
base | new | run) "$command" "$@" ;;
*) die "unknown command '$command'" "usage: root.sh base RELEASE | new RELEASE NAME [packages…] | run NAME [--offline] command…" ;;
esac
