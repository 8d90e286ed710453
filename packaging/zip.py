#!/usr/bin/env python3
"""A zip archive whose bytes depend on the files alone. usage: zip.py FOLDER SECONDS TO"""

import sys
import time
import zipfile
from pathlib import Path


def main(folder, seconds, to):
    when = time.gmtime(int(seconds))[:6]
    root = Path(folder)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), when)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = (path.stat().st_mode & 0o777 | 0o100000) << 16
                archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
