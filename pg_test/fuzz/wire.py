"""A small client of PostgreSQL's protocol (version 3), on nothing but Python: errors come with every field, the place in the
server's source included, and parameters go in binary. No TLS; passwords by SCRAM-SHA-256 or in the clear."""

import base64
import hashlib
import hmac
import os
import socket
import struct
import urllib.parse


class ConnectionLost(Exception):
    """The server ended the connection without a word, as it does when one of its processes crashes."""


class Result:
    """What one statement gave: rows of texts (bytes where binary was asked for), an error by field letter, notices."""

    __slots__ = ("columns", "rows", "error", "notices")

    def __init__(self):
        self.columns, self.rows, self.error, self.notices = [], [], None, []

    @property
    def state(self):
        return self.error["C"] if self.error else "00000"


def fields(body):
    found, at = {}, 0
    while body[at] != 0:
        end = body.index(b"\0", at + 1)
        found[chr(body[at])] = body[at + 1:end].decode("utf-8", "replace")
        at = end + 1
    return found


class Connection:
    def __init__(self, url, application="fuzz"):
        parts = urllib.parse.urlsplit(url)
        self.user, self.password = parts.username, urllib.parse.unquote(parts.password or "")
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        start = {"user": self.user, "database": parts.path.lstrip("/"), "application_name": application,
                 "client_encoding": "UTF8"}
        body = struct.pack("!i", 196608) + b"".join(
            k.encode() + b"\0" + v.encode() + b"\0" for k, v in start.items()) + b"\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.pid = None
        self._log_in()

    def close(self):
        try:
            self._send(b"X", b"")
            self.socket.close()
        except (OSError, ConnectionLost):
            pass

    def query(self, sql, rows=10000):
        """One or more statements without parameters; the result of the last one that gave rows. `rows` are kept at most."""
        self._send(b"Q", sql.encode() + b"\0")
        return self._read(rows)

    def execute(self, sql, parameters, binary=True, binary_result=False, rows=10000):
        """One statement with parameters: bytes in binary (or text), None for NULL; the result in binary if asked for."""
        form = 1 if binary else 0
        bind = b"\0\0" + struct.pack("!hhh", 1, form, len(parameters))
        for value in parameters:
            bind += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
        bind += struct.pack("!hh", 1, 1 if binary_result else 0)
        self._send(b"P", b"\0" + sql.encode() + b"\0" + struct.pack("!h", 0))
        self._send(b"B", bind)
        self._send(b"D", b"P\0")
        self._send(b"E", b"\0" + struct.pack("!i", 0))
        self._send(b"S", b"")
        return self._read(rows, binary_result)

    def copy_binary(self, sql, data):
        """COPY … FROM STDIN (FORMAT binary) with these bytes."""
        self._send(b"Q", sql.encode() + b"\0")
        return self._read(0, copy=data)

    def _log_in(self):
        client_nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={client_nonce}"
        proof = None
        while True:
            kind, body = self._message()
            if kind == b"R":
                method = struct.unpack("!i", body[:4])[0]
                if method == 3:
                    self._send(b"p", self.password.encode() + b"\0")
                elif method == 10:
                    message = b"n,," + first.encode()
                    self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(message)) + message)
                elif method == 11:
                    answer = body[4:].decode()
                    given = dict(p.split("=", 1) for p in answer.split(","))
                    salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(given["s"]), int(given["i"]))
                    key = hmac.digest(salted, b"Client Key", "sha256")
                    last = f"c=biws,r={given['r']}"
                    signature = hmac.digest(hashlib.sha256(key).digest(), f"{first},{answer},{last}".encode(), "sha256")
                    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
                    self._send(b"p", f"{last},p={proof}".encode())
                elif method not in (0, 12):
                    raise ConnectionError(f"the server asks for authentication of kind {method}")
            elif kind == b"K":
                self.pid = struct.unpack("!i", body[:4])[0]
            elif kind == b"E":
                raise ConnectionError(fields(body)["M"])
            elif kind == b"Z":
                return

    def _send(self, kind, body):
        try:
            self.socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ConnectionLost(str(error)) from None

    def _take(self, size):
        while len(self.buffer) < size:
            try:
                part = self.socket.recv(1 << 16)
            except ConnectionResetError as error:
                raise ConnectionLost(str(error)) from None
            if not part:
                raise ConnectionLost("the server closed the connection")
            self.buffer += part
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _message(self):
        kind, size = struct.unpack("!ci", self._take(5))
        return kind, self._take(size - 4)

    def _read(self, rows, binary=False, copy=None):
        result = Result()
        fatal = False
        while True:
            try:
                kind, body = self._message()
            except ConnectionLost:
                if fatal:
                    raise ConnectionLost(f"{result.error['C']}: {result.error['M']}") from None
                raise
            if kind == b"Z":
                return result
            if kind == b"T":
                result.columns, result.rows = columns(body), []
            elif kind == b"D" and len(result.rows) < rows:
                result.rows.append(row(body, binary))
            elif kind == b"E":
                result.error = fields(body)
                fatal = result.error.get("V") in ("FATAL", "PANIC")
            elif kind == b"N":
                result.notices.append(fields(body))
            elif kind == b"G":
                self._send(b"d", copy or b"")
                self._send(b"c", b"")
            elif kind == b"H":
                result.columns = []


def columns(body):
    found, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        end = body.index(b"\0", at)
        name = body[at:end].decode("utf-8", "replace")
        _, _, type_id = struct.unpack("!ihi", body[end + 1:end + 11])
        found.append((name, type_id))
        at = end + 19
    return found


def row(body, binary):
    found, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        if size < 0:
            found.append(None)
        else:
            value = body[at:at + size]
            found.append(value if binary else value.decode("utf-8", "replace"))
            at += size
    return found
