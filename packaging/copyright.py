#!/usr/bin/env python3
"""Prints debian/copyright for an unpacked source archive: our licence, and that of every crate below vendor/.
usage: copyright.py FOLDER"""

import re
import sys
from pathlib import Path

import crates

# Licences that every Debian system has as a file.
COMMON = {"Apache-2.0": "Apache-2.0", "MPL-2.0": "MPL-2.0"}
# Whose text the crates themselves carry, and the words by which it is found there.
WORDS = {
    "MIT": "Permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "BSL-1.0": "Boost Software License",
    "ISC": "Permission to use, copy, modify, and/or distribute this software for any",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "Unlicense": "free and unencumbered software released into the public domain",
    "Zlib": "This software is provided 'as-is'",
}
# What a crate contains beside its own code.
MORE = {"psl": ("MPL-2.0", "data/ and src/list.rs are the Public Suffix List, which is under the MPL 2.0.")}
NAME = re.compile(r"^(licen[cs]e|copying|unlicense|copyright|notice)", re.I)
LINE = re.compile(r"^\s*(?://|#|\*)?\s*(Copyright\s+(?:\(c\)|©|\d{4}|The ).*|\S+ is copyright .*)$", re.I | re.M)
PLACEHOLDER = re.compile(r"[\[{<](?:yyyy|year|name|fullname)|copyright notice", re.I)


def licence_files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and (NAME.match(path.name) or path.parent.name == "LICENSES")]


def holders(package, folder):
    found = []
    for path in licence_files(folder):
        for line in LINE.findall(path.read_text(encoding="utf-8", errors="replace")):
            line = " ".join(line.split())
            if not PLACEHOLDER.search(line) and line not in found:
                found.append(line)
    return found or [", ".join(package["authors"]) or f"the authors of {package['name']}"]


def text_of(licence, folders):
    """The licence from the paragraph with its words on, without the lines of its holders."""
    found = []
    for folder in folders:
        for path in licence_files(folder):
            text = path.read_text(encoding="utf-8", errors="replace").replace("’", "'").replace("“", '"').replace("”", '"')
            at = re.search(r"\s+".join(map(re.escape, WORDS[licence].split())), text)
            if at and "Version 2.0, January 2004" not in text:
                lines = text[text.rfind("\n\n", 0, at.start()) + 1 :]
                found.append([line.strip() for line in lines.strip().splitlines() if not LINE.match(line)])
    if not found:
        raise SystemExit(f"no crate carries the text of {licence}")
    # Some files have another licence or a note behind it.
    return min(found, key=lambda lines: (len("".join(lines)), lines))


def paragraph(lines):
    """Lines behind a field, as the format wants them: a blank before each, a dot for an empty one."""
    return "\n".join(f" {line}" if line else " ." for line in lines)


def debian(expression):
    """An SPDX expression in the words of the format."""
    words = expression.replace("(", "").replace(")", "") if " AND " not in expression else expression
    if " AND " in words:
        left, right = words.split(" AND ", 1)
        return f"{debian(left.strip('()'))}, and {debian(right.strip('()'))}"
    return words.replace(" OR ", " or ")


def main(folder):
    folder = Path(folder)
    vendor = folder / "vendor"
    packages = {f"{package['name']}-{package['version']}": package for package in crates.metadata(folder)["packages"]}
    stanzas, used, folders = [], set(), []
    for crate in sorted(vendor.iterdir()):
        manifest = crate / "Cargo.toml"
        if (crate / ".cargo-checksum.json").read_text(encoding="utf-8").startswith('{"files": {}'):
            continue  # left empty
        package = packages.get(crate.name)
        if package is None:
            # For other machines than this one: what its manifest says.
            named = re.search(r'^license = "(.*)"$', manifest.read_text(encoding="utf-8"), re.M)
            package = {"name": crate.name, "version": "", "authors": [], "license": named and named.group(1)}
        expression, comment = crates.spdx(package), None
        if package["name"] in MORE:
            more, comment = MORE[package["name"]]
            expression = f"({expression}) AND {more}"
        ids = set(re.findall(r"[A-Za-z][A-Za-z0-9.-]*", re.sub(r"\b(OR|AND|WITH)\b", " ", expression)))
        unknown = ids - set(WORDS) - set(COMMON)
        if unknown:
            raise SystemExit(f"{crate.name}: the licence {', '.join(sorted(unknown))} is not known to packaging/copyright.py")
        used |= ids
        folders.append(crate)
        lines = [f"Files: vendor/{crate.name}/*", "Copyright:", *(f" {line}" for line in holders(package, crate))]
        lines.append(f"License: {debian(expression)}")
        if comment:
            lines += ["Comment:", f" {comment}"]
        stanzas.append("\n".join(lines))
    own = (folder / "LICENSE").read_text(encoding="utf-8").strip().splitlines()
    own_holder = next(line for line in own if line.startswith("Copyright"))
    print("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/")
    print("Upstream-Name: mrcall_ext")
    print("Comment:")
    print(" The library contains code of the crates below vendor/, and of Rust's standard library (MIT or Apache-2.0, Copyright")
    print(" the Rust Project contributors). Crates that no Linux needs are empty folders.")
    print(f"\nFiles: *\nCopyright:\n {own_holder}\nLicense: PostgreSQL")
    print(paragraph([line.strip() for line in own[own.index(own_holder) + 1 :]]).lstrip("\n").removeprefix(" .\n"))
    for stanza in stanzas:
        print(f"\n{stanza}")
    for licence in sorted(used):
        print(f"\nLicense: {licence}")
        if licence in COMMON:
            print(f" On Debian systems its text is in /usr/share/common-licenses/{COMMON[licence]}.")
        else:
            print(paragraph(text_of(licence, folders)))


if __name__ == "__main__":
    main(sys.argv[1])
