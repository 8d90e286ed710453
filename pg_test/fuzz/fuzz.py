#!/usr/bin/env python3
"""Calls every function of the extension with arguments that nobody meant, and hands it states that nobody made.

Three workers at once: any function, reports, mutated states; each case in turn as an ordinary role that may read and as the owner in a
transaction that is rolled back. A case comes from the seed, the worker and its number alone: --only reports/1234 repeats one.
Fails where the server ends a process, an error is an internal one or shows the inside of the extension, one of the extension's own
errors has no HINT or a SQLSTATE that the documents do not name, one of the server's comes through from within a function of
the product, a number is NaN, or a state that was taken is not the same when it is written again.

usage: fuzz.py --reader URL --owner URL --server-log FILE [--seed N] [--seconds N] [--only PART/NR] [--show NAME]
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import sys
import time
from collections import Counter

from statements import build
from catalog import Catalog
from judge import judge
from states import States, copy_bytes
from values import Values
from wire import Connection, ConnectionLost

TIMEOUT = 1500
PARTS = ("calls", "reports", "states")
SETTINGS = [f"SET statement_timeout = '{TIMEOUT}ms'", "SET lock_timeout = '1s'", "SET client_min_messages = 'notice'"]
# Sessions differ: what a client may have set must not change what is safe.
ODD = [[], [], ["SET mrcall.max_state_memory = '64kB'"], ["SET mrcall.max_state_memory = '1MB'"], ["SET timezone = 'Pacific/Apia'"],
       ["SET timezone = 'America/Sao_Paulo'"], ["SET datestyle = 'German, DMY'"], ["SET intervalstyle = 'iso_8601'"],
       ["SET work_mem = '64kB'", "SET enable_hashagg = off"], ["SET extra_float_digits = -15"], ["SET bytea_output = 'escape'"],
       ["SET plan_cache_mode = force_generic_plan"], ["SET parallel_setup_cost = 0", "SET parallel_tuple_cost = 0",
        "SET min_parallel_table_scan_size = 0"], ["SET search_path = mrcall, public"], ["SET search_path = ''"]]


class Worker:
    def __init__(self, args, part):
        self.args, self.part = args, part
        self.setup = random.Random(f"{args.seed}/setup")
        # What is drawn comes from one session of the owner's, so that all workers have the same lists.
        self.owner = self.connect(args.owner, [])
        self.catalog = Catalog(self.owner)
        self.values = Values(self.catalog.types, {}, self.ids())
        self.values.prepare(self.catalog.argument_pairs(), lambda e: self.owner.query(f"SELECT {e}", 1).error is None)
        self.states = States(self.owner, self.catalog, self.values, self.setup)
        self.values.pools = self.states.pools()
        self.reader, self.odd = None, None
        self.counts, self.by_function = Counter(), Counter()
        self.findings = []
        self.slowest = "none"
        self.functions = [f for f in self.catalog.callable if part != "reports" or f.is_report and f.is_public]

    def connect(self, url, settings):
        for attempt in range(100):
            try:
                connection = Connection(url, f"fuzz-{self.part}")
                for s in SETTINGS + settings:
                    connection.query(s)
                return connection
            except (OSError, ConnectionLost, ConnectionError):
                if attempt == 99:
                    raise
                time.sleep(0.3)

    def ids(self):
        """Arguments by name that are in the tables."""
        lists = {"business_id": "SELECT DISTINCT business_id FROM mrcall.calls", "customer_id": "SELECT customer_id FROM mrcall.customers",
                 "visitor_id": "SELECT DISTINCT visitor_id FROM mrcall.events", "owner": "SELECT DISTINCT owner FROM mrcall.businesses",
                 "template": "SELECT DISTINCT template FROM mrcall.businesses",
                 "conversion_id": "SELECT DISTINCT conversion_id FROM mrcall.conversions"}
        found = {}
        for name, query in lists.items():
            answer = self.owner.query(f"SELECT quote_literal(x) FROM ({query}) AS q (x) WHERE x IS NOT NULL ORDER BY md5(x) LIMIT 12")
            found[name] = [r[0] for r in answer.rows]
        found["wanted"] = found["business_id"]
        return found

    def run(self, seconds):
        until, nr = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            nr += 1
            self.case(nr)
        return self.report()

    def case(self, nr, show=False):
        rng = random.Random(f"{self.args.seed}/{self.part}/{nr}")
        # A session lives for a few hundred cases, so that what one leaves behind is met by the next.
        if self.odd is None or nr % 300 == 0 or self.reader is None:
            session = random.Random(f"{self.args.seed}/{self.part}/session/{nr // 300}")
            self.odd = session.choice(ODD)
            self.reader = self.again(self.reader, self.args.reader, self.odd)
        self.counts["cases"] += 1
        if self.part == "states":
            self.state_case(rng, nr, show)
            return
        call = build(rng, rng.choice(self.functions), self.values)
        self.try_call(call, rng.random() < 0.3, nr, show)

    def again(self, connection, url, settings=()):
        if connection is not None:
            connection.close()
        return self.connect(url, list(settings))

    def try_call(self, call, as_owner, nr, show=False):
        if show:
            print(call.sql)
        started = time.monotonic()
        try:
            if as_owner:
                self.owner.query("BEGIN")
                result = self.owner.query(call.sql, 300)
                # On a busy machine the timeout may meet this one too.
                while self.owner.query("ROLLBACK").error:
                    pass
            else:
                result = self.reader.query(call.sql, 300)
        except (ConnectionLost, TimeoutError) as error:
            self.lost(call.sql, nr, as_owner, error)
            return None
        self.count(call.function, result, time.monotonic() - started)
        problem = judge(call, result, self.evaluates)
        if problem:
            self.found(call.function.full_name, problem, call.sql, nr, as_owner, result)
        self.slow(call, result, time.monotonic() - started, nr, as_owner)
        if show:
            print(result.error or result.rows[:5])
        return result

    def slow(self, call, result, took, nr, as_owner):
        """A cancel that is not answered is seen again: the machine may have been busy."""
        patience = TIMEOUT / 1000 * 4 + 6
        if took < patience:
            return
        connection = self.owner if as_owner else self.reader
        started = time.monotonic()
        connection.query("BEGIN")
        connection.query(call.sql, 1)
        connection.query("ROLLBACK")
        if time.monotonic() - started >= patience:
            self.found(call.function.full_name, "goes on long after its statement_timeout", call.sql, nr, as_owner, result)

    def count(self, function, result, took):
        self.counts["calls"] += 1
        self.counts["answered"] += result.error is None
        self.counts[f"state {result.state}"] += 1
        self.by_function[function.signature] += 1
        if took * 1000 > self.counts["slowest ms"]:
            self.counts["slowest ms"] = int(took * 1000)
            self.slowest = f"{function.full_name} in {self.part}/{self.counts['cases']}"

    def evaluates(self, arguments):
        if not arguments:
            return "00000"
        return self.owner.query(f"SELECT {', '.join(arguments)}", 1).state

    def state_case(self, rng, nr, show):
        name, form, data = self.states.case(rng)
        if form == "call":
            call = self.states.taker(rng, name, data)
            result = self.try_call(call, rng.random() < 0.2, nr, show)
            if result is not None and result.state == "57014" and len(data) < 10_000:
                self.busy(call, nr)
            return
        send = next(s["send"] for s in self.catalog.states if s["name"] == name)
        hexed = data.hex()
        # What can be pasted, whatever way the bytes went.
        sql = f"SELECT {send}('\\x{hexed}'::{name})"
        if show:
            print(form, sql)
        try:
            if form == "binary":
                result = self.reader.execute(
                    f"SELECT {send}(s.s), {send}(s.s::text::{name}), s.s OPERATOR(mrcall.=) s.s, {send}(mrcall.rollup(s.s)) "
                    f"FROM (SELECT $1::{name}) AS s (s) GROUP BY s.s::text, s.s", [data], binary_result=True)
            elif form == "copy":
                self.reader.query(f"CREATE TEMP TABLE IF NOT EXISTS pg_temp.state_{nr % 2} (s {name})")
                self.reader.query(f"DROP TABLE pg_temp.state_{nr % 2}; CREATE TEMP TABLE state_{nr % 2} (s {name})")
                result = self.reader.copy_binary(f"COPY pg_temp.state_{nr % 2} FROM STDIN (FORMAT binary)", copy_bytes(data))
            else:
                result = self.reader.query(sql)
        except (ConnectionLost, TimeoutError) as error:
            self.lost(sql, nr, False, error)
            return
        if show:
            print(result.error or result.rows)
        self.counts["calls"] += 1
        self.counts["answered"] += result.error is None
        self.counts[f"state {result.state}"] += 1
        expected = {"binary": "22P03", "copy": "22P03", "text": "22P02"}[form]
        if result.error:
            error = result.error
            if result.state not in (expected, "54000", "53200", "57014"):
                self.found(name, f"{form}: {result.state}: {error['M']}", sql, nr, False, result)
            elif not error.get("H") and result.state not in ("57014", "53200"):
                self.found(name, f"{form}: {result.state} has no HINT: {error['M']}", sql, nr, False, result)
        elif form == "binary":
            self.counts["mutants taken"] += 1
            same = result.rows and result.rows[0][0] == data and result.rows[0][1] == data and result.rows[0][2] == b"\x01"
            if not same:
                self.found(name, "a state that was taken is another one when it is written", sql, nr, False, result)
            elif result.rows[0][3] != data:
                self.found(name, "a rollup of one state is another one", sql, nr, False, result)

    def busy(self, call, nr):
        """A few bytes must not keep a server at work: asked again with more time, and beside a plain statement."""
        self.reader.query(f"SET statement_timeout = '{6 * TIMEOUT}ms'")
        again = self.reader.query(call.sql, 1)
        self.reader.query(f"SET statement_timeout = '{TIMEOUT}ms'")
        if again.state == "57014":
            self.found(call.function.full_name, "a small state keeps it at work without end", call.sql, nr, False, again)

    def lost(self, sql, nr, as_owner, error):
        connection = self.owner if as_owner else self.reader
        self.findings.append({"kind": "lost", "pid": connection.pid, "function": "", "problem": f"the connection was lost: {error}",
                              "sql": sql, "case": f"{self.part}/{nr}", "role": "owner" if as_owner else "reader",
                              "session": self.odd, "error": {}})
        time.sleep(1)
        self.owner = self.again(self.owner, self.args.owner)
        self.reader = self.again(self.reader, self.args.reader, self.odd)

    def found(self, function, problem, sql, nr, as_owner, result):
        self.findings.append({"kind": "answer", "function": function, "problem": problem, "sql": sql, "case": f"{self.part}/{nr}",
                              "role": "owner" if as_owner else "reader", "session": self.odd, "error": result.error or {}})

    def report(self):
        return {"part": self.part, "counts": self.counts, "by_function": self.by_function, "findings": self.findings,
                "slowest": self.slowest,
                "functions": [f.signature for f in self.functions]}


def work(args, part, seconds, queue):
    try:
        queue.put(Worker(args, part).run(seconds))
    except Exception as error:  # noqa: BLE001  the parent has to hear of it, whatever it is
        queue.put({"part": part, "failure": f"{type(error).__name__}: {error}"})
        raise


def crashes(log, findings):
    """Of the connections that were lost, those whose own process crashed; the others were ended by the restart."""
    text = log.read()
    died = {int(p) for p in re.findall(r"\(PID (\d+)\) was terminated by signal", text)}
    own = [f for f in findings if f["pid"] in died]
    if died and not own:
        own = [{**f, "problem": f"the server ended (processes {sorted(died)}); at work was"} for f in findings]
    if not died and findings:
        own = findings
    return own


def show_findings(findings, most=25):
    """One of each kind, the shortest statement."""
    groups = {}
    for f in findings:
        key = (f["function"], re.sub(r"\d+|\"[^\"]*\"|'[^']*'", "…", f["problem"])[:160])
        groups.setdefault(key, []).append(f)
    for (function, _), group in list(groups.items())[:most]:
        f = min(group, key=lambda g: len(g["sql"]))
        print(f"\n✗ {function}: {f['problem'][:400]}   [{len(group)} times; case {f['case']}, as {f['role']}]")
        if f["error"].get("W"):
            print("  context: " + f["error"]["W"].replace("\n", "\n           ")[:600])
        if f["error"]:
            print(f"  from {f['error'].get('F')}:{f['error'].get('L')} {f['error'].get('R')}, hint: {f['error'].get('H')}")
        for s in f["session"] or []:
            print(f"  {s};")
        sql = f["sql"] if len(f["sql"]) < 6000 else f["sql"][:6000] + f" … ({len(f['sql'])} characters: --only {f['case']})"
        print(f"  {sql};")
    if len(groups) > most:
        print(f"\n… and {len(groups) - most} kinds more")
    return len(groups)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", required=True, help="URL of a role that may read")
    parser.add_argument("--owner", required=True, help="URL of the role that owns the database")
    parser.add_argument("--server-log", required=True)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or random.randrange(1 << 31)))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", help="one case again, such as reports/1234")
    parser.add_argument("--out", help="a file for the figures, as JSON")
    args = parser.parse_args()
    print(f"seed {args.seed}, {args.seconds:.0f} s", flush=True)
    log = open(args.server_log, encoding="utf-8", errors="replace")
    log.seek(0, os.SEEK_END)

    if args.only:
        part, nr = args.only.split("/")
        worker = Worker(args, part)
        worker.case(int(nr), show=True)
        return min(1, show_findings(worker.findings))

    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(args, part, args.seconds, queue)) for part in PARTS]
    for w in workers:
        w.start()
    reports = [queue.get() for _ in workers]
    for w in workers:
        w.join()
    failures = [r for r in reports if "failure" in r]
    reports = [r for r in reports if "failure" not in r]
    counts, findings, called, all_functions = Counter(), [], Counter(), set()
    for r in sorted(reports, key=lambda r: r["part"]):
        c = r["counts"]
        states = ", ".join(f"{k[6:]} {v}" for k, v in sorted(c.items(), key=lambda kv: -kv[1]) if k.startswith("state "))
        print(f"figure: {r['part']}: {c['cases']} cases, {c['calls']} statements, {c['answered']} answered, "
              f"{c['mutants taken']} mutants taken, slowest {c['slowest ms']} ms ({r['slowest']}); by SQLSTATE: {states}")
        counts.update(c)
        called.update(r["by_function"])
        all_functions |= set(r["functions"])
        findings += r["findings"]
    missed = sorted(all_functions - set(called))
    print(f"figure: {len(called)} of {len(all_functions)} functions called" + (f"; not: {', '.join(missed[:8])}" if missed else ""))
    if args.out:
        with open(args.out, "w", encoding="utf-8") as out:
            json.dump({"seed": args.seed, "counts": counts}, out)
    lost = [f for f in findings if f["kind"] == "lost"]
    kinds = show_findings(crashes(log, lost) + [f for f in findings if f["kind"] != "lost"])
    if failures:
        print(f"✗ a worker failed: {failures}")
        return 2
    # A run that met nothing proves nothing.
    if counts["answered"] < 100 or counts["mutants taken"] < 10 or len(called) < len(all_functions) // 2:
        print("✗ hardly anything was tried")
        return 1
    print(f"figure: {counts['calls']} statements, {kinds} kinds of findings, seed {args.seed}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
