#!/usr/bin/env bash
# Builds the library of a rehearsed next version: what a state is written as has a new form, the old one is read; a table function has a
# column more; an attribute of an internal type is asked for. usage: next_library.sh VERSION FOLDER     → FOLDER/target/release
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
version=$1 work=$2
source=$work/source
rm -rf "$source"
mkdir -p "$source" "$work/target"
cp -a "$ROOT"/{Cargo.toml,Cargo.lock,src,engine,mrcall_ext.control} "$source/"
# An unpacked archive has its crates with it.
if [ -d "$ROOT/vendor" ]; then cp -a "$ROOT/.cargo" "$source/" && ln -s "$ROOT/vendor" "$source/vendor"; fi
python3 - "$source" "$version" <<'EOF'
import re
import sys
from pathlib import Path

root, version = Path(sys.argv[1]), sys.argv[2]


def edit(file, *changes):
    text = (root / file).read_text(encoding="utf-8")
    for pattern, new in changes:
        text, found = re.subn(pattern, new, text, flags=re.M)
        if found != 1:
            raise SystemExit(f"{file}: {found} times {pattern}: the rehearsal has to be adapted")
    (root / file).write_text(text, encoding="utf-8")


edit("Cargo.toml", (r'(\[workspace\.package\]\nversion = )".*"', rf'\1"{version}"'))
for crate in ("mrcall_engine", "mrcall_ext"):
    edit("Cargo.lock", (rf'(name = "{crate}"\nversion = )".*"', rf'\1"{version}"'))
edit(
    "engine/src/distinct/state.rs",
    (r"^const VERSION: u8 = 1;", "const VERSION: u8 = 2;"),
    (r"if state\.serialize\(\)\? == bytes \{", "if is_first || state.serialize()? == bytes {"),
    (r"^        w\.unsigned\(form\);", "        w.unsigned(7);\n        w.unsigned(form);"),
    (
        r"^        let mut r = Reader::new\(bytes, KIND, VERSION, NAME\)\?;\n(        let precision = .*)\n(        let mut state = .*)\n",
        "        let is_first = bytes.get(1) == Some(&1);\n        let mut r = Reader::new(bytes, KIND, if is_first { 1 } else { VERSION }, NAME)?;\n"
        r"\1" "\n" r"\2" "\n        if !is_first && r.unsigned()? != 7 {\n            return Err(r.malformed(\"its new part\"));\n        }\n",
    ),
)
edit("src/api/arrival.rs", (r"call\.table\(rule_versions\(\)\)", "call.table(rule_versions().map(|(name, version)| (name, version, 7i64)))"))
edit("src/api/visit_set.rs", (r"^    Ok\(VisitSettings \{", '    let _: Option<bool> = field(&row, "rehearsed")?;\n    Ok(VisitSettings {'))
EOF
# Crates of others are the same and need no building: a copy of links to them.
target=${CARGO_TARGET_DIR:-$ROOT/target}
[ -d "$work/target/release" ] || [ ! -d "$target/release" ] || cp -al "$target/release" "$work/target/release"
cd "$source"
rm -f "$work/target/release/libmrcall_ext.so"
PGRX_HOME=$BUILD/pgrx-$PG CARGO_TARGET_DIR=$work/target cargo build --release --locked --offline --no-default-features --features "pg$PG"
