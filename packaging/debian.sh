#!/usr/bin/env bash
# A package for one Debian release, built there without network from the source archive in dist/, and looked at by lintian.
# usage: debian.sh bookworm|trixie [folder]
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=packaging/release.env
. "$ROOT/packaging/release.env"
release=$1 to=$(realpath -m "${2:-$ROOT/dist}")
case $release in
bookworm) pg=15 ;;
trixie) pg=17 ;;
*) die "no package is made for '$release'" "bookworm or trixie" ;;
esac
root() { "$ROOT/packaging/root.sh" "$@"; }
name=build-$release
inside=$BUILD/release/$name
needs=(build-essential debhelper pkg-config clang libclang-dev "postgresql-server-dev-$pg" lintian python3)
[ "$(cat "$inside.stamp" 2>/dev/null)" = "${needs[*]}" ] || {
    root new "$release" "$name" "${needs[@]}"
    echo "${needs[*]}" >"$inside.stamp"
}

# Always the same place, so that what remembers it is the same too.
rm -rf "$inside/build"
mkdir -p "$inside/build"
tar -xzf "$to/mrcall_ext-$VERSION.tar.gz" -C "$inside/build"
mv "$inside/build/mrcall_ext-$VERSION" "$inside/build/mrcall-ext-$VERSION"
tree=$inside/build/mrcall-ext-$VERSION
cp -R "$tree/packaging/debian" "$tree/debian"
address=$(sed -nE 's/^Address: .*[ <]?([^ <]+@[^ >]+).*/\1/p' "$ROOT/MAINTAINERS")
maintainer="The mrcall_ext contributors <${address:-nobody@mrcall-ext.invalid}>"
fill() { sed "s/@PG@/$pg/g; s/@MAINTAINER@/$maintainer/g" "$1"; }
fill "$tree/debian/control.in" >"$tree/debian/control"
fill "$tree/packaging/debian/rules" >"$tree/debian/rules"
fill "$tree/debian/docs.in" >"$tree/debian/postgresql-$pg-mrcall-ext.docs"
fill "$tree/debian/examples.in" >"$tree/debian/postgresql-$pg-mrcall-ext.examples"
rm "$tree"/debian/*.in
chmod 755 "$tree/debian/rules"
"$ROOT/packaging/copyright.py" "$tree" >"$tree/debian/copyright"
printf 'mrcall-ext (%s-1) %s; urgency=medium\n\n  * Version %s; CHANGELOG.md has what is new.\n\n -- %s  %s\n' \
    "$VERSION" "$release" "$VERSION" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$tree/debian/changelog"

run_logged "postgresql-$pg-mrcall-ext for Debian $release" "five minutes" "package-$release" \
    root run "$name" --offline env SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" sh -c "cd /build/mrcall-ext-$VERSION && dpkg-buildpackage -b -us -uc"
run_logged "lintian" "some seconds" "lintian-$release" \
    root run "$name" --offline sh -c "cd /build && lintian --allow-root --fail-on error,warning --info *.changes"
cp "$inside"/build/*.deb "$to/"
