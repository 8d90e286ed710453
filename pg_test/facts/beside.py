#!/usr/bin/env python3
"""Writers, refreshes and readers at once: within one snapshot each question has the same answer with facts and from the rows. At the
end nothing is pending any more, and verify finds nothing.

usage: beside.py --owner URL --super URL --seed N --seconds S [--standby URL]"""

import argparse
import random
import sys
import threading
import time

from client import ConnectionLost, Session, literal
from play import EXPECTED, Player, difference, password_urls
from questions import Asker
from steps import Histories


class Trouble:
    def __init__(self):
        self.lock = threading.Lock()
        self.said = []
        self.counts = {}

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def say(self, what):
        with self.lock:
            self.said.append(what)
        print("✗ " + what, flush=True)


def worker(work):
    """A loop in a thread of its own until time is up or something is wrong."""
    def run(trouble, until, *args):
        try:
            work(trouble, until, *args)
        except (ConnectionLost, RuntimeError) as error:
            trouble.say(f"{work.__name__}: {error}")
    return run


def fails(result, trouble, name, sql, more=()):
    """Whether a statement failed; an error that nobody expects is trouble."""
    if not result.error:
        return False
    if result.error["C"] not in EXPECTED and result.error["C"] not in more:
        trouble.say(f"{name}: {result.error['C']} {result.error['M']}\n  {sql}\n  {result.error.get('W', '')}")
    trouble.count(f"{name} {result.error['C']}")
    return True


@worker
def writer(trouble, until, urls, seed, number):
    history = Histories(seed, number, False)
    history.world.key, history.ids = False, number * 100000
    rng = history.rng
    session = Session(urls[rng.choice(["owner", "facts_writer"])], f"writer {number}")
    while time.monotonic() < until and not trouble.said:
        statements = 1 if rng.random() < 0.5 else rng.randint(2, 6)
        if statements > 1:
            session.must("BEGIN" + rng.choice(["", "", " ISOLATION LEVEL REPEATABLE READ"]))
        for _ in range(statements):
            if statements > 1 and rng.random() < 0.4:
                session.query("SAVEPOINT s")
            sql = history.bulk_write()[0] if rng.random() < 0.01 else history.write()[1]
            fails(session.query(sql), trouble, "writer", sql)
            trouble.count("writes")
            if statements > 1 and rng.random() < 0.2:
                session.query("ROLLBACK TO SAVEPOINT s")
            # Idle in its transaction, as applications are.
            time.sleep(rng.choice([0, 0, 0.002, 0.01, 0.1 if statements > 1 else 0]))
        if statements > 1:
            session.query(rng.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))
    session.close()


@worker
def refresher(trouble, until, urls, seed, number):
    rng = random.Random(f"{seed}/refresh {number}")
    session = Session(urls["owner"], f"refresh {number}")
    while time.monotonic() < until and not trouble.said:
        sql = rng.choice(["CALL mrcall.refresh()", "CALL mrcall.refresh('20 ms')", "CALL mrcall.refresh('300 ms')"])
        if rng.random() < 0.1:
            session.must("BEGIN")
            fails(session.query("CALL mrcall.refresh()"), trouble, "refresh", "CALL mrcall.refresh()")
            session.query(rng.choice(["COMMIT", "ROLLBACK"]))
        elif not fails(session.query(sql), trouble, "refresh", sql):
            trouble.count("refreshes")
        if rng.random() < 0.3:
            result = session.query("SELECT * FROM mrcall.verify('visits', 1)")
            if not fails(result, trouble, "verify", "verify") and result.rows:
                trouble.say("verify finds what differs: " + "\n".join(map(str, result.rows[:5])))
        time.sleep(rng.choice([0, 0.01, 0.05]))
    session.close()


@worker
def reader(trouble, until, urls, seed, number, role="owner"):
    rng = random.Random(f"{seed}/read {number}")
    session = Session(urls[role], f"reader {number}")
    while time.monotonic() < until and not trouble.said:
        marks = (session.value("SELECT t.marks()") or "").split(",")
        asker = Asker(rng, [m for m in marks if m])
        session.must("BEGIN ISOLATION LEVEL REPEATABLE READ" + rng.choice([" READ ONLY", ""] if role != "standby" else [""]))
        session.must("SELECT count(*) FROM pg_class")
        for _ in range(rng.choice([1, 1, 3])):
            time.sleep(rng.choice([0, 0, 0.01, 0.1]))
            asked = asker.always() + asker.some(1)
            array = "ARRAY[" + ", ".join(literal(sql) for _, sql in asked) + "]"
            result = session.query(f"SELECT nr, facts_read, from_rows_before, with_facts, from_rows FROM t.ask_between({array})")
            if fails(result, trouble, "reader", array):
                break
            for nr, read, before, with_facts, after in result.rows:
                trouble.count("questions" if role != "standby" else "questions on the standby")
                if int(read):
                    trouble.count("questions from facts" if role != "standby" else "questions on the standby from facts")
                if before != after or "55P03" in (before[:5], with_facts[:5]):
                    # A chunk went in between, which no snapshot keeps.
                    trouble.count("questions that changed")
                elif with_facts != before:
                    trouble.say(f"reader {number}: {with_facts} with facts, {before} from the rows: {asked[int(nr) - 1][1]}\n"
                                + looked_at(session, asked[int(nr) - 1][1]))
                    return
        session.query("COMMIT")
    session.close()


def looked_at(session, sql):
    said = []
    for setting in ("on", "off"):
        session.query(f"SET mrcall.use_facts = {setting}")
        result = session.query(f"SELECT r::text FROM ({sql}) AS r ORDER BY 1")
        said.append([row[0] for row in result.rows] if not result.error else [result.error["M"]])
    return difference(*said)


@worker
def changer(trouble, until, urls, seed, hyper):
    """What happens now and then: rules, chunks, a table that is emptied, columns."""
    history = Histories(seed, 77, True)
    history.world.hyper = hyper
    rng = history.rng
    session = Session(urls["owner"], "changes")
    while time.monotonic() < until and not trouble.said:
        step = rng.choice([history.rules, history.rules, history.partitions, history.partitions, history.columns, history.housekeeping])()
        for name, sql in step.acts:
            if name == "a" and not sql.startswith("COPY"):
                fails(session.query(sql), trouble, step.kind, sql, ("0A000", "42P01", "42704", "25001", "55000"))
        session.query("ROLLBACK")
        time.sleep(rng.uniform(0.05, 0.8))
    session.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("owner", "super"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--standby")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    urls = password_urls(args.owner, args.super)
    urls["standby"] = args.standby
    player = Player(urls)
    history = Histories(args.seed, 0, player.hypertables())
    history.world.key = False
    history.world.statements = list(history.world.setup())
    player.begin(history.world)
    for step in (history.preload(), history.preload()):
        for _, sql in step.acts:
            player.session("a").must(sql)
    player.session("a").must("SELECT mrcall.maintain('{visits}')")
    trouble, until = Trouble(), time.monotonic() + args.seconds
    threads = [threading.Thread(target=writer, args=(trouble, until, urls, args.seed, 1 + n)) for n in range(3)]
    threads += [threading.Thread(target=refresher, args=(trouble, until, urls, args.seed, n)) for n in range(2)]
    threads += [threading.Thread(target=reader, args=(trouble, until, urls, args.seed, n)) for n in range(2)]
    threads.append(threading.Thread(target=changer, args=(trouble, until, urls, args.seed, history.world.hyper)))
    if args.standby:
        threads.append(threading.Thread(target=reader, args=(trouble, until, urls, args.seed, 9, "standby")))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = player.session("a")
    if not trouble.said:
        owner.must("CALL mrcall.refresh()")
        left = owner.rows("SELECT * FROM mrcall.verify('visits', 1)")
        if left:
            trouble.say("verify finds at the end: " + "\n".join(map(str, left[:5])))
    print("figure: " + ", ".join(f"{what} {n}" for what, n in sorted(trouble.counts.items())))
    enough = ["writes", "refreshes", "questions", "questions from facts"] + (["questions on the standby from facts"] if args.standby else [])
    for what in enough:
        if trouble.counts.get(what, 0) < 10 and not trouble.said:
            trouble.say(f"too few {what}: nothing is proved")
    return 1 if trouble.said else 0


if __name__ == "__main__":
    sys.exit(main())
