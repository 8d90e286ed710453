#!/usr/bin/env python3
"""Compares mrcall.bucket with DuckDB's time_bucket and ClickHouse's toStartOf… on both sides of each change of each clock.

    URL=$(make -s url) build/venv-bench/bin/python pg_test/oracles/bucket_peers.py --since 2000 --until 2030

psql has to be on the PATH. PostgreSQL finds the changes with AT TIME ZONE. From a day on both peers know the wall clock's days,
weeks, months, quarters and years; below a day ClickHouse is asked for hours, and DuckDB is not: its hours are those of UTC.

Where they differ, PostgreSQL says how. These are the peers' own, and are counted, with one of them each:
- other clock: the peer's zone data show another time at the instant;
- after: its bucket begins after the instant;
- off the grid: the clock shows no full hour, midnight, Monday or first of a month where its bucket begins;
- day before: the clock went back across the start and shows the bucket before, to which the peer goes back, and mrcall does not;
- same time: its bucket begins at the other of two instants that show the same time;
- misses a start: its bucket begins earlier, although the clock has shown the start in between;
- skipped: the clock jumped past the start, and the peer begins elsewhere.
Any other difference is UNEXPLAINED, and the exit status is 1.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import chdb.session
import duckdb

WIDTHS = {"1 hour": "toStartOfHour(t)", "1 day": "toStartOfDay(t)", "7 days": "toDateTime(toMonday(t), '{zone}')",
          "1 month": "toDateTime(toStartOfMonth(t), '{zone}')", "3 months": "toDateTime(toStartOfQuarter(t), '{zone}')",
          "1 year": "toDateTime(toStartOfYear(t), '{zone}')"}
POINTS = """
SET timezone = 'UTC';
CREATE TEMP TABLE point AS
SELECT DISTINCT z.name AS zone, h.at + d AS ts
FROM pg_timezone_names AS z
CROSS JOIN generate_series(timestamptz '{since}-01-01', '{until}-12-31', '1 day') AS s (day)
CROSS JOIN LATERAL (
    SELECT at FROM generate_series(s.day, s.day + interval '23 hours 30 minutes', '30 minutes') AS at
    WHERE (s.day + interval '1 day') AT TIME ZONE z.name - s.day AT TIME ZONE z.name <> interval '1 day'
      AND (at + interval '30 minutes') AT TIME ZONE z.name - at AT TIME ZONE z.name <> interval '30 minutes') AS h
CROSS JOIN unnest('{{-12 hours,-31 minutes,0,29 minutes,31 minutes,59 minutes,91 minutes,12 hours}}'::interval[]) AS d
WHERE z.name ~ '^[A-Z][a-z]+/' AND z.name !~ '^(posix|Etc)';
\\copy (SELECT zone, extract(epoch FROM ts)::bigint, extract(epoch FROM ts AT TIME ZONE zone)::bigint, w, \
extract(epoch FROM mrcall.bucket(w::interval, ts, zone))::bigint FROM point, unnest('{widths}'::text[]) AS w) TO '{file}'
"""
KINDS = """
SET timezone = 'UTC';
CREATE TEMP TABLE answer (peer text, zone text, ts bigint, width text, own bigint, theirs bigint, wall bigint, their_wall bigint);
\\copy answer FROM '{file}'
SELECT peer, width, kind, count(*), (array_agg(concat_ws(' ', zone, to_timestamp(ts), to_timestamp(own), to_timestamp(theirs))))[1]
FROM (SELECT *, CASE
        WHEN wall <> their_wall THEN 'other clock'
        WHEN theirs > ts THEN 'after'
        WHEN date_trunc(unit, to_timestamp(theirs) AT TIME ZONE zone) <> to_timestamp(theirs) AT TIME ZONE zone
        THEN 'off the grid'
        WHEN to_timestamp(ts) AT TIME ZONE zone < to_timestamp(own) AT TIME ZONE zone THEN 'day before'
        WHEN theirs < own AND date_trunc(unit, to_timestamp(ts) AT TIME ZONE zone) = to_timestamp(own) AT TIME ZONE zone
        THEN 'misses a start'
        WHEN to_timestamp(own) AT TIME ZONE zone = to_timestamp(theirs) AT TIME ZONE zone THEN 'same time'
        WHEN mrcall.bucket('1 microsecond', to_timestamp(own) - interval '1 microsecond', zone) AT TIME ZONE zone
             + interval '1 microsecond' < to_timestamp(own) AT TIME ZONE zone THEN 'skipped'
        ELSE 'UNEXPLAINED' END AS kind
      FROM (SELECT *, split_part('hour,day,week,month,quarter,year', ',',
                                 array_position('{{1 hour,1 day,7 days,1 month,3 months,1 year}}'::text[], width)) AS unit
            FROM answer) AS u) AS a
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
"""


def psql(script):
    """What psql prints for a script."""
    command = ["psql", "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", os.environ["URL"]]
    return subprocess.run(command, input=script, text=True, check=True, capture_output=True).stdout


def differences(points):
    """The peers' answers that are not ours: peer, zone, ts, width, own, theirs, wall, their wall."""
    duck = duckdb.connect()
    duck.execute(f"CREATE TABLE point AS SELECT * FROM read_csv('{points}', delim='\t', header=false, "
                 "names=['zone', 'ts', 'wall', 'width', 'own'])")
    yield from duck.execute("""
        SELECT 'DuckDB', zone, ts, width, own, theirs, wall, their_wall FROM (
            SELECT *, epoch(time_bucket(width::INTERVAL, to_timestamp(ts), zone))::BIGINT AS theirs,
                   epoch(timezone(zone, to_timestamp(ts)))::BIGINT AS their_wall
            FROM point WHERE width <> '1 hour') AS x
        WHERE theirs <> own""").fetchall()
    session = chdb.session.Session()
    session.query(f"CREATE TABLE point ENGINE = Memory AS SELECT * FROM file('{points}', 'TSV', "
                  "'zone String, ts Int64, wall Int64, width String, own Int64')")
    for (zone,) in duck.execute("SELECT DISTINCT zone FROM point ORDER BY 1").fetchall():
        cases = ", ".join(f"width = '{width}', toUnixTimestamp({call.format(zone=zone)})" for width, call in WIDTHS.items())
        rows = str(session.query(
            f"WITH toDateTime(ts, '{zone}') AS t SELECT 'ClickHouse', zone, ts, width, own, multiIf({cases}, 0) AS theirs, wall, "
            f"ts + timezoneOffset(t) FROM point WHERE zone = '{zone}' AND theirs <> own", "TSV"))
        yield from (line.split("\t") for line in rows.splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", type=int, default=2000)
    parser.add_argument("--until", type=int, default=2030)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        points, answers = f"{folder}/points.tsv", f"{folder}/answers.tsv"
        widths = "{" + ",".join(WIDTHS) + "}"
        script = POINTS.format(since=args.since, until=args.until, widths=widths, file=points)
        psql(script)
        with open(points, encoding="utf-8") as lines:
            print(f"{sum(1 for _ in lines)} buckets asked, DuckDB {duckdb.__version__}, chdb {chdb.__version__}")
        with open(answers, "w", encoding="utf-8") as out:
            out.writelines("\t".join(map(str, row)) + "\n" for row in differences(points))
        kinds = psql(KINDS.format(file=answers))
    print("peer\twidth\tkind\tbuckets\tone of them: instant, our bucket, theirs\n" + kinds, end="")
    return 1 if "UNEXPLAINED" in kinds else 0


if __name__ == "__main__":
    sys.exit(main())
