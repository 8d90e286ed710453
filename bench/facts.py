"""Stored visits beside the rows that they are made of: the same questions in turns, answers compared, ratios printed (bench/README.md).

Started by scripts/bench.sh with JOB=facts, which says in the environment where everything is."""

import datetime
import json
import os
import re
import statistics
import sys

from contenders import Failed, Postgres

ENV = os.environ
RUNS = int(ENV["RUNS"])
# Visitors with changed events, from none to more than are read apart.
PENDING = [0, 100, 1000, 1900, 5000]


def fail(message, *details):
    print("\nerror: " + message, *details, sep="\n  ", file=sys.stderr)
    sys.exit(1)


def session(use_facts):
    settings = [f"max_parallel_workers_per_gather = {ENV['WORKERS']}", "timezone = 'UTC'", f"mrcall.use_facts = {use_facts}",
                "client_min_messages = error"]
    return Postgres(ENV["PGBIN"] + "/psql", ENV["URL"], settings, int(ENV["SERVER_PID"]))


def digest(query):
    """Rows and what they say, in whatever order they come."""
    return f"SELECT count(*) AS rows, sum(hashtextextended(r::text, 0)::numeric) AS digest FROM ({query}) AS r"


def value(contender, sql):
    return contender.execute(sql).rows[0][0]


def seconds(contender, sql, runs=RUNS):
    return statistics.median(contender.execute(sql).seconds for _ in range(runs))


def compare(facts, rows, name, query, at_most, runs=RUNS):
    """Both in turns, after a warm-up each; another one begins each time."""
    asked = digest(query)
    answers = {side: side.execute(asked).rows for side in (facts, rows)}
    if answers[facts] != answers[rows]:
        fail(f"{name}: not the same with and without facts", query, f"facts: {answers[facts]}", f"rows:  {answers[rows]}")
    times = {facts: [], rows: []}
    for run in range(runs):
        for side in (facts, rows) if run % 2 else (rows, facts):
            found = side.execute(asked)
            if found.rows != answers[facts]:
                fail(f"{name}: another answer the second time", query)
            times[side].append(found.seconds)
    with_facts, from_rows = statistics.median(times[facts]), statistics.median(times[rows])
    ratio = with_facts / from_rows
    told = "" if at_most is None else ("at most " if ratio <= at_most else "MISSED: at most ") + f"{at_most:.3g}"
    print(f"{name:<58} {1000 * with_facts:>10.1f} ms {1000 * from_rows:>10.1f} ms {ratio:>8.3f}  {told}", flush=True)
    return {"question": name, "facts": with_facts, "rows": from_rows, "ratio": ratio, "at_most": at_most, "answer": answers[facts][0]}


def buffers(contender, query):
    """Those of a second execution in a session, all of it."""
    explain = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) {query}"
    for _ in range(7):
        lines = [row[0] for row in contender.execute(explain).rows]
    found = [re.search(r"^ *Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", line) for line in lines]
    found = [sum(int(n or 0) for n in match.groups()) for match in found if match]
    return found[0] if found else 0


def questions(since, until, visitor):
    month = f"'{until}'::timestamptz - interval '31 days', '{until}'"
    whole = f"'{since}', '{until}'"
    return [
        ("one visitor's visits through the view", f"SELECT * FROM mrcall.visits WHERE visitor_id = '{visitor}'", 1),
        ("one visitor's touches through the view", f"SELECT * FROM mrcall.touches WHERE visitor_id = '{visitor}'", 1),
        ("visits of a day through the view",
         f"SELECT * FROM mrcall.visits WHERE started_at >= '{until}'::timestamptz - interval '11 days' "
         f"AND started_at < '{until}'::timestamptz - interval '10 days'", None),
        ("sessionize of a month", f"SELECT * FROM mrcall.sessionize({month})", None),
        ("attribution of a month", f"SELECT * FROM mrcall.attribution({month})", 1 / 20),
        ("attribution of payments of a month", f"SELECT * FROM mrcall.attribution({month}, 'linear', 'payment')", None),
        ("attribution_models over everything", f"SELECT * FROM mrcall.attribution_models({whole})", 1 / 8),
        ("conversion_paths over everything", f"SELECT * FROM mrcall.conversion_paths({whole})", None),
    ]


def writers(writer, what):
    """Seconds of one row, of a hundred, and of a copy of 10,000, each its own transaction, in order of time."""
    row = "INSERT INTO public.website_events (event_id, session_id, created_at, page_url) SELECT 'bench-' || n, 'bench-' || n % 50, " \
          "clock_timestamp(), 'https://mrcall.ai/' FROM generate_series(1, {}) AS n"
    found = {}
    for name, count, runs in (("one row", 1, 200), ("100 rows", 100, 50), ("10,000 rows", 10000, RUNS)):
        found[name] = seconds(writer, row.format(count), runs)
    writer.execute("DELETE FROM public.website_events WHERE session_id LIKE 'bench-%' AND created_at > now() - interval '1 day'")
    print(f"writers, {what}: " + ", ".join(f"{name} {1000 * time:.2f} ms" for name, time in found.items()), flush=True)
    return found


def change(writer, first, behind):
    """Events of some visitors, in the order of a hash, so many in a transaction that the ledger has them one by one."""
    for start in range(first, behind, 900):
        writer.execute("UPDATE public.website_events SET page_url = page_url WHERE session_id IN (SELECT v.visitor_id FROM "
                       "(SELECT DISTINCT visitor_id FROM mrcall.visit) AS v ORDER BY hashtext(v.visitor_id) "
                       f"OFFSET {start} LIMIT {min(900, behind - start)})")


def main():
    facts, rows = session("on"), session("off")
    rows.execute("SELECT mrcall.unmaintain()")
    since, until = rows.execute("SELECT min(occurred_at), max(occurred_at) + interval '1 second' FROM mrcall.events "
                                "WHERE isfinite(occurred_at)").rows[0]
    events = int(value(rows, "SELECT count(*) FROM mrcall.events"))
    size = "SELECT sum(pg_total_relation_size(i.inhrelid)) FROM pg_inherits AS i WHERE i.inhparent = to_regclass(s.relation)"
    event_bytes = int(value(rows, f"SELECT coalesce(({size}), 0) + pg_total_relation_size(to_regclass(s.relation)) FROM mrcall.source AS s "
                                  "WHERE s.logical_table = 'events'"))
    bare = writers(rows, "without facts")
    report = seconds(rows, digest(f"SELECT * FROM mrcall.sessionize('{since}', '{until}')"), 1)
    rows.execute("SELECT mrcall.maintain()")
    build = rows.execute("CALL mrcall.refresh()").seconds
    rows.execute("ANALYZE mrcall.visit")
    visits, fact_bytes = map(int, rows.execute("SELECT rows, bytes FROM mrcall.freshness()").rows[0])
    print(f"{events} events, {visits} visits stored in {build:.1f} s: {build / report:.1f} times sessionize over everything (at most 4), "
          f"{fact_bytes / event_bytes:.2f} of the bytes of the events (at most 0.25)", flush=True)
    logging = writers(rows, "with facts")
    for name, time in bare.items():
        print(f"  {name}: {time / logging[name]:.2f} of the rate without facts (at least 0.9)")

    visitor = value(rows, "SELECT visitor_id FROM mrcall.visit GROUP BY 1 HAVING count(*) = 3 ORDER BY 1 LIMIT 1")
    print(f"\n{'question':<58} {'facts':>13} {'rows':>13} {'ratio':>8}")
    found = [compare(facts, rows, name, query, at_most, 50 if "one visitor" in name else RUNS)
             for name, query, at_most in questions(since, until, visitor)]
    view = f"SELECT * FROM mrcall.visits WHERE visitor_id = '{visitor}'"
    print(f"buffers of one visitor's visits: {buffers(facts, view)} with facts (at most 20), {buffers(rows, view)} from the rows")

    # Changed events of more and more visitors.
    month = f"SELECT * FROM mrcall.attribution('{until}'::timestamptz - interval '31 days', '{until}')"
    for before, pending in zip(PENDING, PENDING[1:]):
        change(rows, before, pending)
        found.append(compare(facts, rows, f"attribution of a month, {pending} visitors pending", month, 1.2))
    all_of_it = rows.execute("CALL mrcall.refresh()").seconds
    change(rows, 0, 1000)
    few = rows.execute("CALL mrcall.refresh()").seconds
    print(f"refresh of {PENDING[-1]} changed visitors {all_of_it:.2f} s, of 1000 {few:.2f} s: {few / build:.4f} of a full build "
          "(at most 0.01 among 1,000,000 visitors)")
    if rows.execute("SELECT * FROM mrcall.verify('visits', 1)").rows:
        fail("verify finds what differs")
    rows.execute("SELECT mrcall.unmaintain()")
    path = os.path.join(ENV["BUILD"], "bench", f"{datetime.date.today()}-facts-{ENV['VISITORS']}.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"contents": ENV["CONTENTS"], "events": events, "visits": visits, "build": build, "report": report,
                   "event_bytes": event_bytes, "fact_bytes": fact_bytes, "writers_without": bare, "writers_with": logging,
                   "questions": found, "refresh_1000": few, "missed": [q["question"] for q in found
                                                                       if q["at_most"] is not None and q["ratio"] > q["at_most"]]},
                  file, indent=1)
    print(f"figures: {os.path.relpath(path, ENV['ROOT'])}")


if __name__ == "__main__":
    try:
        main()
    except Failed as refused:
        fail(str(refused))
