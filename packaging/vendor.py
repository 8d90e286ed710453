#!/usr/bin/env python3
"""Puts every crate of Cargo.lock into a folder, so that cargo needs no network. usage: vendor.py FOLDER

Crates that no Linux needs (half of all bytes are import libraries for Windows) are left empty: cargo wants to see them while it
reads Cargo.lock, and never builds them there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")


def needed_on_linux():
    """Names and versions of the crates that some Linux builds, tests and benchmarks included."""
    needed = set()
    for target in TARGETS:
        command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
        packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
        needed.update((package["name"], package["version"]) for package in packages)
    return needed


def parts_of_manifest(text):
    """The manifest without what names files or builds: only what cargo's resolver looks at."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[]").strip()
            skipping = table.split(".")[0] in ("lib", "bin", "example", "test", "bench", "profile", "lints", "badges")
        if not skipping and not line.startswith(("auto", "build = ", "links = ", "readme = ", "license-file = ")):
            kept.append(line)
    return "\n".join(kept) + "\n"


def empty(crate):
    manifest = parts_of_manifest((crate / "Cargo.toml").read_text(encoding="utf-8"))
    package = json.loads((crate / ".cargo-checksum.json").read_text(encoding="utf-8"))["package"]
    shutil.rmtree(crate)
    (crate / "src").mkdir(parents=True)
    (crate / "src/lib.rs").write_text("// Left empty: Linux does not need this crate.\n", encoding="utf-8")
    (crate / "Cargo.toml").write_text(manifest, encoding="utf-8")
    (crate / ".cargo-checksum.json").write_text(json.dumps({"files": {}, "package": package}), encoding="utf-8")


def main(folder):
    subprocess.run(["cargo", "vendor", "--locked", "--versioned-dirs", folder], check=True, stdout=subprocess.DEVNULL)
    needed = {f"{name}-{version}" for name, version in needed_on_linux()}
    for crate in sorted(Path(folder).iterdir()):
        if crate.name not in needed:
            empty(crate)
            print(f"left empty: {crate.name}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
