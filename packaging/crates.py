"""What cargo says of the crates behind the library; without network. Shared by sbom.py and copyright.py."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "x86_64-unknown-linux-gnu"


def metadata(folder=ROOT):
    """The crates for Linux. The set of crates is the same for every PostgreSQL."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout)


def checksums(folder=ROOT):
    """(name, version) → SHA-256 of the crate's archive, from Cargo.lock."""
    lock = tomllib.loads((Path(folder) / "Cargo.lock").read_text(encoding="utf-8"))
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def reach(data):
    """The crates below the extension by id → whether their code is in the library: what macros and build scripts need only built it."""
    packages = {package["id"]: package for package in data["packages"]}
    edges = {node["id"]: node["deps"] for node in data["resolve"]["nodes"]}
    root = data["resolve"]["root"]
    found, todo = {}, [(root, True)]
    while todo:
        at, inside = todo.pop()
        inside = inside and not is_macro(packages[at])
        if found.get(at, False) or (at in found and not inside):
            continue
        found[at] = inside
        for edge in edges[at]:
            kinds = {kind["kind"] for kind in edge["dep_kinds"]}
            if None in kinds or "build" in kinds:
                todo.append((edge["pkg"], inside and None in kinds))
    return packages, edges, root, found


def spdx(package):
    """The licence as an SPDX expression: cargo's old form separates alternatives by a slash."""
    expression = package["license"] or ""
    if not expression:
        raise SystemExit(f"{package['name']} {package['version']} names no licence")
    return re.sub(r"\s*/\s*", " OR ", expression)


def rustc():
    """The compiler's version; RUSTC as cargo has it."""
    return subprocess.run([os.environ.get("RUSTC", "rustc"), "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
