#!/usr/bin/env bash
# The source archive of the commit that is checked out, with its crates: dist/mrcall_ext-VERSION.tar.gz and .zip.
# usage: source.sh [folder]
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=packaging/release.env
. "$ROOT/packaging/release.env"
to=$(realpath -m "${1:-$ROOT/dist}")
name=mrcall_ext-$VERSION
tree=$(mktemp -d "$BUILD/source.XXXXXX")
trap 'rm -rf "$tree"' EXIT
umask 022
mkdir -p "$to" "$tree/$name/.cargo"
cd "$ROOT"
git archive --format=tar HEAD | tar -x -C "$tree/$name"
"$ROOT/packaging/vendor.py" "$tree/$name/vendor" 2>"$LOGS/vendor.log" || {
    tail -n 20 "$LOGS/vendor.log" >&2
    die "the crates cannot be fetched" "the whole output is in build/log/vendor.log"
}
cat >"$tree/$name/.cargo/config.toml" <<'EOF'
# Every crate comes from the folder vendor, none from the network.
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
EOF
# A version that is not frozen yet has its SQL in parts only.
[ -e "$tree/$name/sql/mrcall_ext--$VERSION.sql" ] || scripts/install_sql.sh >"$tree/$name/sql/mrcall_ext--$VERSION.sql"
find "$tree/$name" -type d -exec chmod 755 {} +
find "$tree/$name" -type f -perm -u+x -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
tar -C "$tree" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" |
    gzip -n -9 >"$to/$name.tar.gz.new"
"$ROOT/packaging/zip.py" "$tree" "$SOURCE_DATE_EPOCH" "$to/$name.zip.new"
mv "$to/$name.tar.gz.new" "$to/$name.tar.gz"
mv "$to/$name.zip.new" "$to/$name.zip"
