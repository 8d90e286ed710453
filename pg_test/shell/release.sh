#!/usr/bin/env bash
# What a release says of itself, before it is made: one version everywhere, PGXN's description, the list of crates, licences that the
# packages know how to name. That packages build, install and are the same twice is in make release-test.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cd "$ROOT"
version=$(sed -nE '/^\[workspace.package\]/,/^$/s/^version = "(.*)"$/\1/p' Cargo.toml)
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "the version '$version' is not of the form 1.2.3"
is "both crates have the workspace's version" 2 "$(grep -c '^version.workspace = true$' <(cat Cargo.toml engine/Cargo.toml))"
for crate in mrcall_ext mrcall_engine; do
    is "Cargo.lock: $crate" "$version" "$(grep -A 1 "^name = \"$crate\"$" Cargo.lock | sed -nE 's/^version = "(.*)"$/\1/p')"
done
is "CHANGELOG.md begins with it" "$version" "$(sed -nE 's/^## ([0-9.]+).*/\1/p' CHANGELOG.md | head -n 1)"
is "the control file takes it from Cargo.toml" "default_version = '@CARGO_VERSION@'" "$(grep '^default_version' mrcall_ext.control)"
share=$("$PG_CONFIG" --sharedir)/extension
is "the installed control file" "default_version = '$version'" "$(grep '^default_version' "$share/mrcall_ext.control")"
[ -s "$share/mrcall_ext--$version.sql" ] || die "there is no installed script of $version"
# shellcheck source=packaging/release.env
. packaging/release.env
is "the packages" "$version" "$VERSION"
"$ROOT/scripts/cluster.sh" new-database release_version
is "the library" "$version" "$("$PGBIN/psql" -X -q -At "$("$ROOT/scripts/cluster.sh" url release_version)" -c 'CREATE EXTENSION mrcall_ext' \
    -c 'SELECT mrcall.version()')"
"$PGBIN/psql" -X -q "$("$ROOT/scripts/cluster.sh" super-url)" -c 'DROP DATABASE release_version'
# A version that is released has its script frozen, and no other one is.
if [ -e "sql/mrcall_ext--$version.sql" ]; then
    scripts/install_sql.sh | diff -q - "sql/mrcall_ext--$version.sql" || die "the frozen script of $version is not what sql/install makes: raise the version"
    ! grep -q "^## $version (unreleased)" CHANGELOG.md || die "CHANGELOG.md says that $version is not released, and its script is frozen"
else
    grep -q "^## $version (unreleased)$" CHANGELOG.md || die "CHANGELOG.md says that $version is released, and its script is not frozen"
fi
echo "ok: CHANGELOG.md and the frozen scripts agree"
# The library has every function that a script of any version names.
nm -D --defined-only "$("$PG_CONFIG" --pkglibdir)/mrcall_ext.so" | awk '{ print $NF }' | sort >"$BUILD/symbols"
for script in "$share/mrcall_ext--$version.sql" sql/mrcall_ext--*.sql; do
    [ -e "$script" ] || continue
    sed -nE "s/^ *AS '(MODULE_PATHNAME|\$libdir\/mrcall_ext)', '(\w+)'.*/\2/p" "$script" | sort -u >"$BUILD/wanted"
    [ "$(wc -l <"$BUILD/wanted")" -gt 100 ] || [[ $script == *--*--* ]] || die "$script names hardly any function of the library"
    missing=$(comm -23 "$BUILD/wanted" "$BUILD/symbols")
    [ -z "$missing" ] || die "the library lacks what $script names" "$missing"
done
rm "$BUILD/symbols" "$BUILD/wanted"
echo "ok: the library has all functions that the scripts name"
for script in sql/mrcall_ext--*--*.sql; do
    [ -e "$script" ] || continue
    from=${script#sql/mrcall_ext--}
    [ -e "sql/mrcall_ext--${from%%--*}.sql" ] || die "$script leads from a version whose script is not there"
done

# The control file of the packages names the servers that are supported.
for pg in 15 17; do
    sed "s/@PG@/$pg/g; s/@MAINTAINER@/a <a@b.example>/" packaging/debian/control.in | grep -q "^Package: postgresql-$pg-mrcall-ext$" ||
        die "packaging/debian/control.in"
done
! grep -n '@' <(sed 's/@PG@//g; s/@MAINTAINER@//g' packaging/debian/control.in packaging/debian/rules | grep -v '\$@') ||
    die "a placeholder that packaging/debian.sh does not fill in"

sbom=$(mktemp -d)
trap 'rm -rf "$sbom"' EXIT
packaging/sbom.py >"$sbom/one.json"
packaging/sbom.py >"$sbom/two.json"
cmp "$sbom/one.json" "$sbom/two.json" || die "two runs of packaging/sbom.py differ"
python3 - "$version" "$sbom/one.json" "$SOURCE_DATE_EPOCH" <<'EOF' || die "META.json, the list of crates or the licences"
import json
import re
import sys
import time
import tomllib
from pathlib import Path

sys.path.insert(0, "packaging")
sys.dont_write_bytecode = True
import copyright as licences
import crates

version, sbom, epoch = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")), int(sys.argv[3])


def holds(what, condition, found=""):
    if not condition:
        raise SystemExit(f"FAILED: {what} {found}")
    print(f"ok: {what}")


meta = json.loads(Path("META.json").read_text(encoding="utf-8"))
holds("META.json has what PGXN requires", {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"} <= set(meta))
provided = meta["provides"]["mrcall_ext"]
holds("META.json has the version", {meta["version"], provided["version"]} == {version}, meta["version"])
holds("META.json names the install script", provided["file"] == f"sql/mrcall_ext--{version}.sql", provided["file"])
holds("META.json names a page that is there", Path(provided["docfile"]).is_file())
holds("META.json: a name, a licence and tags of PGXN's form", re.fullmatch(r"[A-Za-z0-9_]{2,}", meta["name"])
      and meta["license"] == "postgresql" and all(0 < len(tag) < 256 for tag in meta["tags"]))

manifest = tomllib.loads(Path("Cargo.toml").read_text(encoding="utf-8"))
engine = tomllib.loads(Path("engine/Cargo.toml").read_text(encoding="utf-8"))
scope = {(part["name"], part["version"]): part["scope"] for part in sbom["components"]}
names = {name for name, _ in scope}
wanted = (set(manifest["dependencies"]) | set(engine["dependencies"]))
holds("the list has every crate that is asked for", wanted <= names, wanted - names)
test_only = set(engine["dev-dependencies"]) - wanted
holds("none that tests alone need", not test_only & names, test_only & names)
holds("what builds is told from what is in the library", "excluded" in {scope[key] for key in scope if key[0] == "bindgen"}
      and {scope[key] for key in scope if key[0] in ("memchr", "num-bigint", "psl", "mrcall_engine")} == {"required"})
sums = crates.checksums()
holds("each crate has the checksum of Cargo.lock", all(
    part.get("hashes", [{}])[0].get("content") == sums[(part["name"], part["version"])] for part in sbom["components"]))
holds("versions of all of them, ours too", sbom["metadata"]["component"]["version"] == version and scope[("mrcall_engine", version)])
holds("the list's time is the commit's", sbom["metadata"]["timestamp"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)))
refs = {part["bom-ref"] for part in sbom["components"]} | {sbom["metadata"]["component"]["bom-ref"]}
holds("every dependency is in the list", all({entry["ref"], *entry["dependsOn"]} <= refs for entry in sbom["dependencies"]))
holds("a CycloneDX list", sbom["bomFormat"] == "CycloneDX" and sbom["specVersion"] == "1.5" and re.fullmatch(
    r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sbom["serialNumber"]))
known = set(licences.WORDS) | set(licences.COMMON) | {"PostgreSQL"}
for package in crates.metadata()["packages"]:
    ids = set(re.findall(r"[A-Za-z][A-Za-z0-9.-]*", re.sub(r"\b(OR|AND|WITH)\b", " ", crates.spdx(package))))
    if ids - known:
        raise SystemExit(f"FAILED: {package['name']}: packaging/copyright.py does not know {ids - known}")
print("ok: every licence can be named in debian/copyright")
EOF
