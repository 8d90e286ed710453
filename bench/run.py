"""Runs the jobs with all contenders, checks the answers, prints the table and writes the JSON (bench/README.md).

Started by scripts/bench.sh, which prepares the database and says in the environment where everything is.
"""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time

import answers
import jobs
import memory
from contenders import LIMIT_SECONDS, Failed, Peer, Postgres, TooSlow

ENV = os.environ
SQL = os.path.join(ENV["ROOT"], "bench", "sql")
DATA = ENV["BENCH_DATA"]
RUNS = int(ENV["RUNS"])
PEERS = {"duckdb": "duckdb", "clickhouse": "chdb"}
EXPORTS = ["events", "customers", "browsers", "calls"]


class Progress:
    """A line on what takes more than two seconds: it counts on a terminal, else comes every 30 s and at the end."""

    def __init__(self, what):
        self.what, self.started, self.done = what, time.perf_counter(), threading.Event()
        self.thread = threading.Thread(target=self._count, daemon=True)

    def seconds(self):
        return time.perf_counter() - self.started

    def _count(self):
        terminal = sys.stdout.isatty()
        while not self.done.wait(1 if terminal else 30):
            if terminal and self.seconds() > 2:
                print(f"\r    {self.what} … {self.seconds():.0f} s ", end="", flush=True)
            elif not terminal:
                print(f"    {self.what} … {self.seconds():.0f} s", flush=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        if self.seconds() > 2:
            start = "\r" if sys.stdout.isatty() else ""
            print(f"{start}    {self.what}: {self.seconds():.1f} s   ", flush=True)


def fail(message, *hints):
    print("\nerror: " + message, file=sys.stderr)
    for hint in hints:
        print("  " + hint, file=sys.stderr)
    sys.exit(1)


def installed(module):
    """Whether the Python of the peers has a module."""
    if not os.access(ENV["PEER_PYTHON"], os.X_OK):
        return False
    return subprocess.run([ENV["PEER_PYTHON"], "-c", f"import {module}"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def export(seconds):
    """Writes what the peers load as CSV files."""
    for table in EXPORTS:
        path = os.path.join(DATA, table + ".csv")
        with Progress(f"{table} out of PostgreSQL") as progress, open(path, "wb") as file:
            query = jobs.read(SQL, "load", f"export_{table}.sql")
            subprocess.run([ENV["PGBIN"] + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", ENV["URL"], "-c",
                            f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER, NULL '\\N')"], stdout=file, check=True)
        seconds[f"export {table}"] = round(progress.seconds(), 2)


def load_peers(peers):
    """Brings the rows into the peers' own storage, once for each data set and version. Returns the seconds that took."""
    record = os.path.join(DATA, "loading.json")
    seconds = json.loads(jobs.read(record)) if os.path.exists(record) else {}
    stamps = {name: os.path.join(DATA, name + ".stamp") for name in peers}
    scripts = {name: jobs.read(SQL, "load", name + ".sql") for name in peers}
    state = {name: "\n".join([ENV["CONTENTS"], peers[name].version, scripts[name]] +
                             [jobs.read(SQL, "load", f"export_{table}.sql") for table in EXPORTS]) for name in peers}
    missing = [name for name in peers if not os.path.exists(stamps[name]) or jobs.read(stamps[name]) != state[name]]
    if not missing:
        return seconds
    print("==> the rows into the storage of the others (not timed, once)", flush=True)
    export(seconds)
    for name in missing:
        with Progress(f"into {jobs.CONTENDERS[name]}") as progress:
            for statement in jobs.statements(scripts[name].replace("{dir}", DATA)):
                peers[name].execute(statement)
        seconds[f"load {name}"] = round(progress.seconds(), 2)
        with open(stamps[name], "w", encoding="utf-8") as file:
            file.write(state[name])
    for table in EXPORTS:
        os.remove(os.path.join(DATA, table + ".csv"))
    with open(record, "w", encoding="utf-8") as file:
        json.dump(seconds, file)
    print("    " + ", ".join(f"{step} {taken:.1f} s" for step, taken in seconds.items()), flush=True)
    return seconds


def measure(job, contenders):
    """A warm-up and RUNS runs, the contenders in turn. Returns runs, answers and the warm-up's memory by contender, and who was
    too slow."""
    runs, found, peaks, slow = {}, {}, {}, set()
    here = [name for name in job.forms if name in contenders]
    for nr in range(RUNS + 1):
        # Each run begins with another contender, so that none always follows the same one.
        for name in here[nr % len(here):] + here[:nr % len(here)]:
            if name in slow:
                continue
            form, contender = job.forms[name], contenders[name]
            try:
                for statement in form.get("before", []):
                    contender.execute(statement)
                label = "warm-up" if nr == 0 else f"run {nr}"
                with Progress(f"{jobs.CONTENDERS[name]}, {label}"):
                    if nr == 0:
                        with memory.Peak(contender.pids) as peak:
                            answer = contender.execute(form["run"][0])
                        peaks[name] = peak.bytes
                    else:
                        answer = contender.execute(form["run"][0])
                if nr == 0:
                    for statement in form.get("check", []):
                        answer = contender.execute(statement)
                    if not answer.rows:
                        fail(f"{job.name}: {jobs.CONTENDERS[name]} answered without a row", "nothing would be compared")
                    found[name] = answer
                else:
                    runs.setdefault(name, []).append(answer.seconds)
            except TooSlow:
                slow.add(name)
                print(f"    {jobs.CONTENDERS[name]}: over {LIMIT_SECONDS} s, not run again", flush=True)
            except Failed as error:
                fail(f"{job.name}: {jobs.CONTENDERS[name]} refused its statement", *str(error).splitlines()[:20])
    return runs, found, peaks, slow


def report_differences(job, problems, found, contenders):
    """Prints the first differing rows; of a job with single rows behind its answer, those."""
    for reference, other, rows in problems:
        print(f"\nDIFFERENT: {job.name}: {jobs.CONTENDERS[reference]} and {jobs.CONTENDERS[other]}")
        columns = found[reference].columns
        bucket = next((row[0] for pair in rows for row in pair if row), None)
        if "rows" in job.forms[reference] and bucket is not None:
            left, right = (contenders[name].execute(job.forms[name]["rows"][0].replace(":bucket", bucket))
                           for name in (reference, other))
            shown = [c for c in left.columns if c not in job.peers_only or reference != "ext"]
            columns, rows = left.columns, answers.difference(left, right, shown, job.approximate) or rows
        print("  " + " | ".join(columns))
        for pair in rows:
            for name, row in zip((reference, other), pair):
                values = " | ".join("NULL" if value is None else value for value in row) if row else "no row"
                print(f"  {jobs.CONTENDERS[name]:<10} {values}")


def machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 2**20
    processor = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), processor)
    return {"cores": os.cpu_count(), "memory_gib": round(memory, 1), "processor": processor,
            "load_average": os.getloadavg()[0]}


def duration(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def times(ratio):
    return f"{ratio:.1f}×" if ratio < 100 else f"{ratio:.0f}×"


def table_line(job, result):
    """A line of the table: 96 characters."""
    def cell(name):
        entry = result["contenders"].get(name, {})
        if entry.get("too_slow"):
            return f"{f'> {LIMIT_SECONDS} s':>9} "
        return f"{duration(entry['median']) if 'median' in entry else '–':>9} "
    line = f"{job:<16}" + cell("ext")
    for name in ("plain", "duckdb", "clickhouse"):
        ratio = result["ratios"].get(name)
        line += cell(name) + f"{times(ratio) if ratio else '':<7}"
    return line + result["answers"]


def memory_line(job, result):
    """A line of the table of memory, with the time of one process behind it: 96 characters."""
    def cell(name):
        size = result["contenders"].get(name, {}).get("memory_bytes")
        return "–" if size is None else f"{size / 2**20:,.0f} MiB"
    line = f"{job:<16}{cell('ext'):>10}" + "".join(f"{cell(name):>12}" for name in ("plain", "duckdb", "clickhouse"))
    alone = result["contenders"].get("alone", {}).get("median")
    if alone is None:
        return line
    return line + f"{duration(alone):>16} {times(result['ratios']['alone'])}{cell('alone'):>13}"


def print_table(results):
    print(f"\n{'median of ' + str(RUNS):<16}{'extension':>9} {'plain SQL':>9} {'':<7}{'DuckDB':>9} {'':<7}"
          f"{'ClickHouse':>10} {'':<6}answers")
    print("-" * 96)
    for name, result in results.items():
        print(table_line(name, result))
    print("-" * 96)
    print("n× = that contender's time is n times the extension's; above 1× the extension is ahead.")
    print(f"\n{'memory, at most':<16}{'extension':>10}{'plain SQL':>12}{'DuckDB':>12}{'ClickHouse':>12}"
          f"{'extension in one process':>32}")
    print("-" * 96)
    for name, result in results.items():
        print(memory_line(name, result))
    print("-" * 96)
    print("The memory of their own that all processes of a contender had together, without shared buffers and files.")


def versions(postgres, peers):
    row = postgres.execute("""SELECT current_setting('server_version') AS postgresql,
        (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
        mrcall.version() AS mrcall_ext""")
    return dict(zip(row.columns, row.rows[0])) | {name: peer.version for name, peer in peers.items()}


def main():
    # The same session settings for the extension and plain SQL, each in a server process of its own.
    settings = [f"max_parallel_workers_per_gather = {int(ENV['WORKERS'])}", "search_path = public", "TimeZone = 'UTC'",
                "client_min_messages = warning"]
    alone = [*settings, "max_parallel_workers_per_gather = 0"]
    contenders = {name: Postgres(ENV["PGBIN"] + "/psql", ENV["URL"], own, int(ENV["SERVER_PID"]))
                  for name, own in (("ext", settings), ("alone", alone), ("plain", settings))}
    os.makedirs(DATA, exist_ok=True)
    peers = {name: Peer(ENV["PEER_PYTHON"], name, DATA) for name, module in PEERS.items() if installed(module)}
    for name, peer in peers.items():
        peer.open()
    contenders |= peers
    loading = load_peers(peers)
    known = versions(contenders["ext"], peers)
    rows = contenders["ext"].execute("""SELECT (SELECT count(*) FROM website_events) AS events,
        (SELECT count(*) FROM customers_registry) AS customers, (SELECT count(*) FROM sessions) AS calls""")
    data = {"visitors": int(ENV["VISITORS"]), "seed": int(ENV["SEED"])}
    data |= dict(zip(rows.columns, map(int, rows.rows[0])))
    data["hypertables"] = known["timescaledb"] is not None
    print(f"==> {data['visitors']:,} visitors, {data['events']:,} events, {data['customers']:,} customers, "
          f"{data['calls']:,} calls; {os.cpu_count()} cores, {ENV['WORKERS']} parallel workers a gather", flush=True)

    results, differing = {}, False
    wanted = [name for name in ENV["JOB"].split(",") if name]
    for job in jobs.load(SQL, wanted):
        print(f"==> {job.name}: {job.title}", flush=True)
        runs, found, peaks, slow = measure(job, contenders)
        problems = answers.compare(job, found) if found else []
        if problems:
            report_differences(job, problems, found, contenders)
            differing = True
        result = {"title": job.title, "contenders": {}, "ratios": {},
                  "answers": "DIFFERENT" if problems else f"{len(found)} equal" if len(found) > 1 else "–"}
        for name in job.forms:
            if name in slow:
                result["contenders"][name] = {"too_slow": True, "runs": runs.get(name, [])}
            elif name in runs:
                result["contenders"][name] = {"median": statistics.median(runs[name]), "runs": runs[name]}
            if name in peaks:
                result["contenders"].setdefault(name, {})["memory_bytes"] = peaks[name]
        medians = {name: entry["median"] for name, entry in result["contenders"].items() if "median" in entry}
        if "ext" in medians:
            result["ratios"] = {name: median / medians["ext"] for name, median in medians.items() if name != "ext"}
        results[job.name] = result
    for contender in contenders.values():
        contender.close()

    print_table(results)
    now = datetime.datetime.now()
    path = os.path.join(ENV["BUILD"], "bench", f"{now:%Y%m%d-%H%M%S}-{ENV['VISITORS']}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"date": now.astimezone().isoformat(timespec="seconds"), "machine": machine(), "versions": known,
                   "data": data, "settings": settings, "runs": RUNS, "loading_seconds": loading, "jobs": results},
                  file, indent=1)
        file.write("\n")
    print(f"all runs: {os.path.relpath(path, ENV['ROOT'])}")
    if differing:
        fail("the answers differ", "the first differing rows are printed above")


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        fail("a statement of the preparation was refused", *str(error).splitlines()[:20])
    except KeyboardInterrupt:
        sys.exit(130)
