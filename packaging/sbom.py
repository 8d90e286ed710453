#!/usr/bin/env python3
"""Prints a CycloneDX 1.5 list of the crates behind the library, the same bytes for the same commit. usage: sbom.py

The time is SOURCE_DATE_EPOCH. Crates whose code is in the library are "required"; macros, build scripts and what those need are
"excluded", CycloneDX's word for what was there at the build alone."""

import json
import os
import time
import uuid

import crates


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}".replace("+", "%2B")


def component(package, checksum, inside):
    entry = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "scope": "required" if inside else "excluded",
        "licenses": [{"expression": crates.spdx(package)}],
        "purl": purl(package),
    }
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


def main():
    data, sums = crates.metadata(), crates.checksums()
    packages, edges, root, found = crates.reach(data)
    order = sorted((at for at in found if at != root), key=lambda at: (packages[at]["name"], packages[at]["version"]))
    top = packages[root]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))),
            "component": {
                "type": "library",
                "bom-ref": purl(top),
                "name": top["name"],
                "version": top["version"],
                "description": top["description"],
                "licenses": [{"expression": crates.spdx(top)}],
                "purl": purl(top),
            },
            "properties": [{"name": "mrcall_ext:compiler", "value": crates.rustc()}],
        },
        "components": [
            component(packages[at], sums[(packages[at]["name"], packages[at]["version"])], found[at]) for at in order
        ],
        "dependencies": [
            {
                "ref": purl(packages[at]),
                "dependsOn": sorted(
                    {
                        purl(packages[edge["pkg"]])
                        for edge in edges[at]
                        if any(kind["kind"] in (None, "build") for kind in edge["dep_kinds"])
                    }
                ),
            }
            for at in [root, *order]
        ],
    }
    # The number of the list follows from what is in it.
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(bom, sort_keys=True))}"
    print(json.dumps(bom, indent=2, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    main()
