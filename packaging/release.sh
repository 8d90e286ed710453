#!/usr/bin/env bash
# Everything of a release into dist/: packaging/README.md says what. usage: release.sh     RELEASES="bookworm trixie"
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=packaging/release.env
. "$ROOT/packaging/release.env"
to=$(realpath -m "${TO:-$ROOT/dist}")
cd "$ROOT"
[ -z "$(git status --porcelain)" ] || die "there are changes that are not committed" "a release is what is committed: git status"
rm -rf "$to"
mkdir -p "$to"
run_logged "source archive with its crates" "a minute" source packaging/source.sh "$to"
cp META.json "$to/"
packaging/sbom.py >"$to/mrcall_ext-$VERSION.cdx.json"
# shellcheck disable=SC2086  # a list of names
for release in ${RELEASES-bookworm trixie}; do packaging/debian.sh "$release" "$to"; done
packaging/advisories.sh
(cd "$to" && sha256sum -- * >../SHA256SUMS.new && mv ../SHA256SUMS.new SHA256SUMS)
say "" "$(cd "$to" && ls -l)"
