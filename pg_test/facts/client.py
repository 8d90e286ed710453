"""Sessions of the histories: the fuzzer's small client, with statements that are started now and waited for later."""

import os
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))
from wire import Connection, ConnectionLost  # noqa: E402

__all__ = ["ConnectionLost", "Session", "literal"]


def literal(value):
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


class Session(Connection):
    """A connection by name. A statement that hangs for a minute is an error of the test."""

    def __init__(self, url, name, settings=""):
        super().__init__(url, "facts " + name)
        self.name = name
        self.running = False
        self.must("SET statement_timeout = '30s'; SET lock_timeout = '200ms'; SET client_min_messages = warning" + settings)

    def must(self, sql):
        result = self.query(sql)
        if result.error:
            raise RuntimeError(f"{self.name}: {result.error['C']} {result.error['M']}: {sql[:400]}")
        return result

    def rows(self, sql):
        return self.must(sql).rows

    def value(self, sql):
        found = self.must(sql).rows
        return found[0][0] if found else None

    def copy(self, sql, text):
        return self.copy_binary(sql, text.encode())

    def start(self, sql):
        self._send(b"Q", sql.encode() + b"\0")
        self.running = True

    def answered(self, seconds):
        """Whether the answer begins to come within so many seconds."""
        until = time.monotonic() + seconds
        while not self.buffer:
            left = until - time.monotonic()
            if left <= 0:
                return False
            if select.select([self.socket], [], [], left)[0]:
                return True
        return True

    def finish(self):
        self.running = False
        return self._read(10000)
