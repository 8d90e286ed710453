"""Who runs the jobs: PostgreSQL through a psql that stays open, DuckDB and ClickHouse through peer.py."""

import csv
import io
import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import memory

LIMIT_SECONDS = 600


class Failed(Exception):
    """A statement that a contender refused."""


class TooSlow(Exception):
    """A statement that took longer than LIMIT_SECONDS."""


@dataclass
class Answer:
    """What a statement returned, every value as text, and how long it took."""

    seconds: float = 0.0
    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)


class Postgres:
    """A psql that stays open: like the peers, the runs find a warm server process."""

    END = "-- end of answer --"

    def __init__(self, psql, url, settings, server):
        self.psql, self.url, self.settings, self.server = psql, url, settings, server
        self.process = self.errors = self.backend = None

    def _open(self):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [self.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-P", "null=\\N", self.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        settings = [*self.settings, f"statement_timeout = '{LIMIT_SECONDS}s'"]
        self._send("".join(f"SET {setting};\n" for setting in settings))
        self.backend = int(self._send("SELECT pg_backend_pid() AS pid;").split()[-1])

    def pids(self):
        """The server process and its parallel workers, which name it; those of other contenders are idle."""
        if self.process is None:
            self._open()
        return [pid for pid in memory.children(self.server) if pid == self.backend or self._works_for(pid)]

    def _works_for(self, pid):
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return f"parallel worker for PID {self.backend}" in file.read()

    def _send(self, sql):
        try:
            self.process.stdin.write(f"{sql}\n\\echo {self.END}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == self.END:
                return "".join(lines)
            lines.append(line)
        self.process.wait()
        self.errors.seek(0)
        message = self.errors.read().strip()
        self.close()
        raise TooSlow if "statement timeout" in message else Failed(message)

    def execute(self, sql):
        if self.process is None:
            self._open()
        started = time.perf_counter()
        text = self._send(f"{sql};")
        seconds = time.perf_counter() - started
        rows = [[None if value == "\\N" else value for value in row] for row in csv.reader(io.StringIO(text))]
        return Answer(seconds, rows[0], rows[1:]) if rows else Answer(seconds)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.errors.close()
            self.process = None


class Peer:
    """DuckDB or ClickHouse in a process of its own. Statements are sent one by one."""

    def __init__(self, python, name, directory):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
        self.command = [python, script, name, directory]
        self.process = None
        self.version = None

    def open(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, bufsize=1)
        self.version = self._receive()["version"]

    def _receive(self):
        if not select.select([self.process.stdout], [], [], LIMIT_SECONDS)[0]:
            self.close(kill=True)
            raise TooSlow
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.process = None
            raise Failed(f"the process ended with status {status}")
        return json.loads(line)

    def pids(self):
        """The one process."""
        if self.process is None:
            self.open()
        return [self.process.pid]

    def execute(self, sql):
        if self.process is None:
            self.open()
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        answer = self._receive()
        if "error" in answer:
            raise Failed(answer["error"])
        return Answer(answer["seconds"], answer["columns"], answer["rows"])

    def close(self, kill=False):
        if self.process is not None:
            if kill:
                self.process.kill()
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
            self.process = None
