#!/usr/bin/env python3
"""The queries of examples/monitoring, each as a file of SQL, and what their exporter takes of the result.
usage: queries.py FOLDER     writes FOLDER/FILE.NAME.sql, and prints FILE.NAME with the columns that FILE names

The files are of a small part of YAML: keys, lists of plain values in brackets or below one another, and blocks of text."""

import re
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/monitoring"


def blocks(text):
    """(line number, indentation of its key, text) of each block."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.rstrip().endswith(": |"):
            indent = len(line) - len(line.lstrip())
            body = []
            for below in lines[number + 1 :]:
                if below.strip() and len(below) - len(below.lstrip()) <= indent:
                    break
                body.append(below.strip())
            yield number, indent, "\n".join(body).strip()


def above(lines, number, indent):
    """The nearest line above that is indented less."""
    for line in reversed(lines[:number]):
        if line.strip() and not line.lstrip().startswith("#") and len(line) - len(line.lstrip()) < indent:
            return line.strip()
    raise SystemExit(f"nothing above line {number}")


def postgres_exporter(text):
    lines = text.splitlines()
    for number, indent, sql in blocks(text):
        name = above(lines, number, indent).removesuffix(":")
        rest = "\n".join(lines[number + 1 :])
        rest = re.split(r"^\S", rest, maxsplit=1, flags=re.M)[0]
        yield name, sql, re.findall(r"^    - (\w+):$", rest, re.M)


def pgwatch(text):
    lines = text.splitlines()
    for number, _, sql in blocks(text):
        name = above(lines, number - 1, 8).removesuffix(":")
        rest = re.split(r"^ {4}\S", "\n".join(lines[number + 1 :]), maxsplit=1, flags=re.M)[0]
        gauges = rest.split("gauges:", 1)[1]
        columns = [column for column in re.findall(r"^            - '?([\w*]+)'?$", gauges, re.M) if column != "*"]
        yield name, sql, ["epoch_ns", *columns]


def sql_exporter(text):
    lines = text.splitlines()
    for number, _, sql in blocks(text):
        name = re.search(r"query_name: (\w+)", lines[number - 1])[1]
        columns = []
        for metric in re.split(r"^  - metric_name: ", text, flags=re.M)[1:]:
            if re.search(rf"query_ref: {name}$", metric, re.M):
                for key in ("key_labels", "values"):
                    columns += re.search(rf"{key}: \[(.*)\]", metric)[1].split(", ")
        yield name, sql, columns


READERS = {
    "postgres_exporter.yaml": postgres_exporter,
    "pgwatch_metrics.yaml": pgwatch,
    "sql_exporter.collector.yml": sql_exporter,
    "sql_exporter_seldom.collector.yml": sql_exporter,
}


def main(folder):
    for file, reader in READERS.items():
        found = list(reader((EXAMPLES / file).read_text(encoding="utf-8")))
        if not found:
            raise SystemExit(f"{file} has no query")
        for name, sql, columns in found:
            if not columns:
                raise SystemExit(f"{file}: {name} has no column")
            (Path(folder) / f"{file.split('.')[0]}.{name}.sql").write_text(f"{sql}\n", encoding="utf-8")
            print(f"{file.split('.')[0]}.{name}", ",".join(dict.fromkeys(columns)))


if __name__ == "__main__":
    main(sys.argv[1])
