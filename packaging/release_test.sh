#!/usr/bin/env bash
# A release as its users meet it: made twice it has the same bytes, and in a fresh Debian root each package installs, answers as this
# machine's build does, and leaves nothing behind. usage: release_test.sh     RELEASES="bookworm trixie" ONCE=1 (one run, no comparison)
# Needs root, debootstrap and a network; without them it says so and is left out.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=packaging/release.env
. "$ROOT/packaging/release.env"
leave_out() { say "release-test: left out, $1" && exit 77; }
[ "$(id -u)" = 0 ] || leave_out "a Debian root is made by root alone"
command -v debootstrap >/dev/null || leave_out "there is no debootstrap"
apt-get update -qq >"$LOGS/release-apt.log" 2>&1 || leave_out "no network: the package lists cannot be read"
RELEASES=${RELEASES-bookworm trixie}
export RELEASES
root() { "$ROOT/packaging/root.sh" "$@"; }
same() { # what, file, file
    cmp "$2" "$3" || die "$1 differs" "$2" "$3"
    say "ok: $1"
}

one=$BUILD/release/one two=$BUILD/release/two clone=$BUILD/release/clone
TO=$one "$ROOT/packaging/release.sh"
(cd "$one" && sha256sum --quiet -c SHA256SUMS) || die "the checksums are not those of the files"
if [ "${ONCE:-}" != 1 ]; then
    # From another folder, whose name must not matter.
    rm -rf "$clone" && git clone -q "$ROOT" "$clone" && git -C "$clone" checkout -q --detach "$(git -C "$ROOT" rev-parse HEAD)"
    mkdir -p "$clone/build" && ln -s "$BUILD/release" "$clone/build/release"
    TO=$two "$clone/packaging/release.sh" >"$LOGS/release-two.log" 2>&1 || { tail -n 30 "$LOGS/release-two.log" && die "the second release fails"; }
    rm -rf "$clone"
    for file in "$one"/*; do same "made again: ${file##*/}" "$file" "$two/${file##*/}"; done
fi
rm -rf "$BUILD/release/unpacked" && mkdir -p "$BUILD/release/unpacked/zip"
tar -xzf "$one/mrcall_ext-$VERSION.tar.gz" -C "$BUILD/release/unpacked"
python3 -m zipfile -e "$one/mrcall_ext-$VERSION.zip" "$BUILD/release/unpacked/zip"
tree=$BUILD/release/unpacked/mrcall_ext-$VERSION
diff -r "$tree" "$BUILD/release/unpacked/zip/mrcall_ext-$VERSION" || die "the zip has other files than the tar archive"
say "ok: both archives have the same files"
! find "$tree" -newermt "@$((SOURCE_DATE_EPOCH + 1))" -print | grep . || die "files that are newer than the commit"
! grep -rlF -e "$ROOT" -e "$HOME/" "$tree" || die "the archive names folders of this machine"

# The report of the demo, by an ordinary role. The line with the server's version is left out.
visitors=2000 seed=42 until=2026-05-31
demo() { # psql and its connection
    "$@" -X -q -v ON_ERROR_STOP=1 -f sql/reference/reference.sql -v visitors=$visitors -v seed=$seed -v until=$until \
        -f sql/demo/generate.sql -f sql/demo/install.sql >/dev/null 2>&1 || return 1
    "$@" -X -q -v ON_ERROR_STOP=1 -f sql/demo/report.sql
}
export CLUSTER=release TIMESCALEDB=0
unset PG
choose_pg
"$ROOT/scripts/setup.sh" all
trap '"$ROOT/scripts/cluster.sh" stop' EXIT
"$ROOT/scripts/cluster.sh" new-database mrcall
cd "$tree"
demo "$PGBIN/psql" "$("$ROOT/scripts/cluster.sh" url)" | sed '/PostgreSQL [0-9]/d' >"$LOGS/release-host.out"
[ "$(wc -l <"$LOGS/release-host.out")" -gt 100 ] || die "this machine's demo prints next to nothing"

for release in $RELEASES; do
    case $release in bookworm) pg=15 ;; *) pg=17 ;; esac
    name=try-$release
    inside=$BUILD/release/$name
    root new "$release" "$name" "postgresql-$pg" ca-certificates
    rm -f "$inside/usr/sbin/policy-rc.d"
    mkdir -p "$inside/try"
    cp "$one/postgresql-$pg-mrcall-ext_$VERSION-1_amd64.deb" "$inside/try/"
    cp -R "$tree/sql" "$inside/try/sql"
    { declare -f demo && cat "$ROOT/packaging/in_fresh_root.sh"; } >"$inside/try/run.sh"
    root run "$name" --offline env PG="$pg" visitors=$visitors seed=$seed until=$until bash /try/run.sh >"$LOGS/release-$release.log" 2>&1 || {
        tail -n 30 "$LOGS/release-$release.log"
        die "the package for $release" "the whole output is in build/log/release-$release.log"
    }
    grep '^ok: ' "$LOGS/release-$release.log"
    sed '/PostgreSQL [0-9]/d' "$inside/try/report" >"$LOGS/release-$release.out"
    same "$release: the demo's report is this machine's" "$LOGS/release-host.out" "$LOGS/release-$release.out"
    rm -rf "$inside"
done
say "release-test: all of it holds, on $(date -u +%F), at $(git -C "$ROOT" rev-parse --short HEAD)"
