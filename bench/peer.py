"""DuckDB or ClickHouse in a process of its own, which the harness can end when it takes too long.

usage: peer.py duckdb|clickhouse DIRECTORY
Reads one JSON object a line from stdin, {"sql": …}, and answers one a line on stdout: {"seconds", "columns", "rows"}
with every value as text and NULL as null, or {"error"}. The first line says the version.
"""

import csv
import io
import json
import os
import sys
import time

THREADS = os.cpu_count() or 1
MEMORY = "12GB"


class DuckDB:
    """DuckDB with its tables in a file."""

    def __init__(self, directory):
        import duckdb

        self.connection = duckdb.connect(os.path.join(directory, "duckdb.db"))
        self.version = duckdb.__version__
        for setting in (f"threads = {THREADS}", f"memory_limit = '{MEMORY}'", "TimeZone = 'UTC'"):
            self.connection.execute(f"SET {setting}")

    def run(self, sql):
        cursor = self.connection.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
        return columns, [[None if value is None else str(value) for value in row] for row in rows]


class ClickHouse:
    """ClickHouse inside this process, with its tables in a folder."""

    def __init__(self, directory):
        from chdb import session

        self.session = session.Session(os.path.join(directory, "clickhouse"))
        self.version = self.run("SELECT version()")[1][0][0]
        self.session.query(f"SET max_threads = {THREADS}, max_memory_usage = {int(MEMORY[:-2]) * 10**9}")

    def run(self, sql):
        text = self.session.query(sql, "CSVWithNames").bytes().decode()
        lines = list(csv.reader(io.StringIO(text)))
        columns, rows = (lines[0], lines[1:]) if lines else ([], [])
        return columns, [[None if value == "\\N" else value for value in row] for row in rows]


def answer(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main():
    name, directory = sys.argv[1:]
    engine = {"duckdb": DuckDB, "clickhouse": ClickHouse}[name](directory)
    answer(version=engine.version)
    for line in sys.stdin:
        started = time.perf_counter()
        try:
            columns, rows = engine.run(json.loads(line)["sql"])
        except Exception as error:  # every engine has error classes of its own; all of them go to the harness
            answer(error=str(error))
        else:
            answer(seconds=time.perf_counter() - started, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
