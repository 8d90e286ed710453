#!/usr/bin/env python3
"""What a log in the Combined Log Format must come to, computed without the database: an oracle for log_real.sh.

usage: log_oracle.py LOGFILE[.gz] [--mangle OUT]
Prints one figure a line, "name value", in the order in which log_real.sh asks the database. With --mangle it first appends
lines that no server should write (and some that look strange but are well formed) and writes the whole to OUT.
The rules are those at the top of sql/demo/load_log.sql, written anew with a character-by-character reader and datetime.
"""
import collections
import datetime
import gzip
import hashlib
import sys

GAP = datetime.timedelta(minutes=30)
MONTHS = {name: number for number, name in enumerate(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}
ENDINGS = set(
    "css js mjs map json xml xsl rss rdf atom ico cur png jpg jpeg gif svg svgz webp avif bmp tif tiff woff woff2 ttf otf eot "
    "swf jar mp3 mp4 m4a m4v ogg ogv weba webm wav flac mov avi txt log csv pdf doc docx xls xlsx ppt pptx odt epub zip gz tgz "
    "bz2 xz 7z rar tar deb rpm apk exe msi dmg iso img bin wasm ics".split())

GOOD = b'192.0.2.1 - - [20/May/2015:22:00:00 +0000] "GET /mangled/%d HTTP/1.1" 200 5 "-" "Mangler"'
MANGLED = [
    b"",                                                                        # empty
    b"   \t ",                                                                  # blank
    b"\\.",                                                                     # COPY's end of data
    b"\x00\xff\xfe\x80binary\x01\x02\x03",                                      # no text at all
    GOOD[:40],                                                                  # truncated in the time
    (GOOD % 1)[:-1],                                                            # truncated in the user agent
    b'192.0.2.1 - - [31/Feb/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:25:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/Mai/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [yesterday] "GET / HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5',        # Common Log Format
    b'192.0.2.1 - - [20/May/2015:10:00:00 +0000] "GET / HTTP/1.1" ok 5 "-" "Mangler"',
    b'www.example.org:80 192.0.2.1 - - [20/May/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mangler"',
    GOOD % 2 + b"\r",                                                           # CRLF
    GOOD % 3 + b' "203.0.113.9"',                                               # a further field
    b'::1 - - [20/May/2015:22:00:01 +0200] "GET /six HTTP/1.1" 200 5 "-" "Mangler"',
    b'[::1] - - [20/May/2015:22:00:02 +0200] "GET /six HTTP/1.1" 304 - "-" "Mangler"',
    b'192.0.2.1 - john smith [20/May/2015:22:01:00 +0000] "GET /user HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:02:00 +0000] "GET /q?a=\\"b\\" HTTP/1.1" 200 5 "http://x.example/\\"" "Say \\"hi\\" \\\\"',
    b'192.0.2.1 - - [20/May/2015:22:03:00 +0000] "GET /caf\xc3\xa9 HTTP/1.1" 200 5 "-" "Caf\xe9 \x00 \xf0\x9f\x98\x80"',
    b'192.0.2.1 - - [20/May/2015:22:04:00 +0000] "GET /caf\xc3\xa9 HTTP/1.1" 200 5 "-" "Caf\xc3\xa9"',
    b'192.0.2.1 - - [20/May/2015:22:05:00 +0000] "-" 408 - "-" "-"',
    b'192.0.2.1 - - [20/May/2015:22:06:00 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"',
    b'192.0.2.1 - - [20/May/2015:22:07:00 +0000] "" 400 0 "" ""',
    b'192.0.2.1 - - [20/May/2015:22:08:00 +0000] "GET http://proxy.example/a.html HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:09:00 +0000] "GET /feed/ HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:10:00 +0000] "GET /PHOTO.JPG?x=1 HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:11:00 +0000] "GET /a b c HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:12:60 +0000] "GET /leap HTTP/1.1" 200 5 "-" "Mangler"',
    b'192.0.2.1 - - [20/May/2015:22:13:00 +0000] "GET /' + b"x" * 1_000_000 + b' HTTP/1.1" 200 5 "-" "Mangler"',
    b"y" * 1_000_000,
    GOOD % 4,                                                                   # last, without a line's end
]


def text(raw):
    """Bytes as text: UTF-8, else Latin-1; control characters as the replacement character."""
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    return "".join("\ufffd" if ord(c) < 32 or ord(c) == 127 else c for c in decoded)


def quoted(line, at):
    """The field in quotes that begins at a position, and the position behind it; None where there is none."""
    if line[at:at + 1] != '"':
        return None
    value, at = [], at + 1
    while at < len(line):
        if line[at] == "\\" and line[at + 1:at + 2] in ('"', "\\"):
            value.append(line[at + 1])
            at += 2
        elif line[at] == '"':
            return "".join(value), at + 1
        else:
            value.append(line[at])
            at += 1
    return None


def instant(stamp):
    """The time of a line, or None."""
    try:
        day, month, rest = stamp.split("/", 2)
        year, hour, minute, tail = rest.split(":", 3)
        second, zone = tail.split(" ")
        if [len(x) for x in (day, year, hour, minute, second, zone)] != [2, 4, 2, 2, 2, 5] or zone[0] not in "+-":
            return None
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (1 if zone[0] == "+" else -1)
        whole = datetime.datetime(int(year), MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59),
                                  tzinfo=datetime.timezone(offset))
        return (whole + datetime.timedelta(seconds=max(0, int(second) - 59))).astimezone(datetime.timezone.utc)
    except (ValueError, KeyError):
        return None


def kind(request, status):
    """page_view, asset or request."""
    method, _, target = request.partition(" ")
    head, _, last = target.rpartition(" ")
    if last.startswith("HTTP/") and head:
        target = head
    if target.lower().startswith(("http://", "https://")):
        path = "/" + target.split("//", 1)[1].partition("/")[2]
    elif target.startswith("/"):
        path = target
    else:
        return "request"
    path, _, query = path.partition("#")[0].partition("?")
    asset = "." in path and path.rpartition(".")[2].lower() in ENDINGS
    asset = asset or path.rstrip("/").rpartition("/")[2].lower() in ("feed", "rss", "atom")
    for part in query.split("&"):
        name, _, value = part.partition("=")
        asset = asset or name.lower() in ("feed", "flav", "format") and value.lower().startswith(("rss", "atom", "rdf"))
    if method in ("GET", "HEAD") and asset:
        return "asset"
    if method == "GET" and (status.startswith("2") or status == "304"):
        return "page_view"
    return "request"


def read(raw):
    """(event, None) for a well-formed line, (None, reason) for any other."""
    line = text(raw).rstrip(" \ufffd")
    if not line:
        return None, "empty line"
    bad = "not the Combined Log Format"
    begin = line.find('"')
    head = line[:begin] if begin >= 0 else ""
    opening = head.rfind("[")
    if opening < 0 or not head.endswith("] "):
        return None, bad
    names = head[:opening].split(" ")[:-1]
    if len(names) < 3 or "" in names[:2] or (len(names) > 3 and names[1] != "-"):
        return None, bad
    request = quoted(line, begin)
    if request is None or line[request[1]:request[1] + 1] != " ":
        return None, bad
    answer, _, _ = line[request[1] + 1:].partition('"')
    words = answer.rstrip(" ").split(" ")
    if len(words) != 2 or len(words[0]) != 3 or not words[0].isdigit() or not (words[1] == "-" or words[1].isdigit()):
        return None, bad
    at = request[1] + 1 + len(answer)
    if at >= len(line):
        return None, "Common Log Format, without referrer and user agent"
    referrer = quoted(line, at)
    agent = quoted(line, referrer[1] + 1) if referrer and line[referrer[1]:referrer[1] + 1] == " " else None
    if agent is None or line[agent[1]:agent[1] + 1] not in ("", " "):
        return None, bad
    when = instant(head[opening + 1:-2])
    if when is None:
        return None, "unreadable time"
    address = names[0].strip("[]")
    visitor = hashlib.md5(f"{address} {agent[0]}".encode("utf-8")).hexdigest()
    return (visitor, when, kind(request[0], words[0])), None


def main():
    path = sys.argv[1]
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as log:
        raw = log.read()
    if "--mangle" in sys.argv:
        raw += b"\n".join(MANGLED)
        with open(sys.argv[sys.argv.index("--mangle") + 1], "wb") as out:
            out.write(raw)
    lines = raw.split(b"\n")
    if lines[-1] == b"":
        lines.pop()

    refused, kinds, days = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    visitors = collections.defaultdict(list)
    for line in lines:
        event, reason = read(line)
        if event is None:
            refused[reason] += 1
            continue
        visitor, when, what = event
        visitors[visitor].append(when)
        kinds[what] += 1
        days[when.date()]["events"] += 1
        days[when.date()]["pageviews"] += what == "page_view"
    visits, bounces, duration = collections.Counter(), 0, datetime.timedelta()
    for times in visitors.values():
        times.sort()
        start = previous = times[0]
        events = 0
        for when in times + [None]:
            if when is None or when - previous > GAP:
                visits[start.date()] += 1
                bounces += events == 1
                duration += previous - start
                start, events = when, 0
            previous, events = when, events + 1

    print("lines", len(lines))
    print("taken", sum(kinds.values()))
    print("refused", sum(refused.values()))
    for reason in sorted(refused):
        print("refused:", reason, refused[reason])
    for what in sorted(kinds):
        print("kind:", what, kinds[what])
    print("visitors", len(visitors), hashlib.md5(",".join(sorted(visitors)).encode()).hexdigest())
    print("visits", sum(visits.values()))
    print("bounces", bounces)
    print("seconds", round(duration.total_seconds()))
    for day in sorted(days):
        print("day", day, days[day]["events"], days[day]["pageviews"], visits[day])


main()
