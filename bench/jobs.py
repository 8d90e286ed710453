"""The jobs: a folder of bench/sql each, with job.json and a file of statements per contender.

A file has sections, each begun by a line "-- @name":
  before  statements that run before each run, not timed
  run     the one statement that is timed
  check   the answer to compare, where it is not what run returns; its first column tells its rows apart
  rows    the single rows behind a row of check, whose first column replaces :bucket; read after a difference
"-- @include name condition" in a section stands for fragments/name.CONTENDER.sql, whose :condition it sets (else true).

job.json says what is compared:
  title        what the job computes
  peers_only   columns that the extension defines in a way of its own (its channels); compared among the others
  approximate  columns of rounded figures, compared to a millionth
  alone        true: the extension runs it in a single process, too
"""

import json
import os
import re
from dataclasses import dataclass, field

CONTENDERS = {"ext": "extension", "alone": "extension in one process", "plain": "plain SQL", "duckdb": "DuckDB", "clickhouse": "ClickHouse"}


@dataclass
class Job:
    """One job: its name, and for each contender that has a form of it the sections of that form."""

    name: str
    title: str
    peers_only: list = field(default_factory=list)
    approximate: list = field(default_factory=list)
    forms: dict = field(default_factory=dict)


def statements(text):
    """The statements of a script; a semicolon at the end of a line ends one."""
    return [part for part in (piece.strip() for piece in re.split(r";[ \t]*(?:\n|$)", text)) if part]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def sections(folder, job, contender):
    """The sections of a contender's file, each a list of statements."""
    def fragment(found):
        return read(folder, "fragments", f"{found[1]}.{contender}.sql").replace(":condition", found[2] or "true")

    text = re.sub(r"^-- @include (\w+) ?(.*)\n", fragment, read(folder, job, f"{contender}.sql"), flags=re.MULTILINE)
    parts = re.split(r"^-- @(\w+)\n", text, flags=re.MULTILINE)
    return {name: statements(body) for name, body in zip(parts[1::2], parts[2::2])}


def load(folder, wanted):
    """The jobs of a folder, in the order of their job.json's "order"; only the wanted ones unless that is empty."""
    found = []
    for name in os.listdir(folder):
        if not os.path.exists(os.path.join(folder, name, "job.json")) or (wanted and name not in wanted):
            continue
        description = json.loads(read(folder, name, "job.json"))
        job = Job(name, description["title"], description.get("peers_only", []), description.get("approximate", []))
        for contender in CONTENDERS:
            if os.path.exists(os.path.join(folder, name, contender + ".sql")):
                job.forms[contender] = sections(folder, name, contender)
        if description.get("alone"):
            job.forms["alone"] = job.forms["ext"]
        found.append((description["order"], job))
    return [job for _, job in sorted(found, key=lambda pair: pair[0])]
