#!/usr/bin/env python3
"""Refreshes that are cancelled, terminated, or killed with the whole server, anywhere: what is stored stays right, nothing is left
behind, and the next refresh goes on. Round after round, on facts that are built for the first time and on such as have changes.

usage: kills.py --owner URL --super URL --seed N --rounds N --cluster SCRIPT"""

import argparse
import random
import subprocess
import sys
import time

from client import ConnectionLost
from play import Failure, Player, password_urls
from steps import EVENTS, Histories, Step


def many(rng, name, rows, visitors):
    return (f"INSERT INTO {EVENTS} (event_id, session_id, created_at, page_url, referrer)\n    SELECT '{name}' || n, "
            f"'k' || n * 7919 % {visitors}, t.base() - (n * 104729 % 250000) * interval '1 s', 'https://mrcall.ai/' || n % 9, "
            f"CASE WHEN n % 5 = 0 THEN 'https://www.google.com/' END FROM generate_series(1, {rows}) AS n")


def kill(how, player, session, cluster):
    if how == "kill":
        subprocess.run([cluster, "run", "kill", "-9", str(session.pid)], check=False, capture_output=True)
    else:
        player.session("s").query(f"SELECT pg_{how}_backend({session.pid})")


def back(player):
    """After a crash: the server has thrown everybody out, and lets us in again."""
    for _ in range(200):
        try:
            player.session("s").query("SELECT 1")
        except (ConnectionLost, OSError):
            break
        time.sleep(0.02)
    player.close()
    for _ in range(300):
        try:
            player.session("a")
            player.session("s")
            return
        except (ConnectionError, ConnectionLost, OSError):
            player.sessions.clear()
            time.sleep(0.1)
    raise RuntimeError("the server does not come back")


def round_of(player, rng, number, cluster, took):
    """One refresh, stopped on its way. Returns whether it was still running, and how long it would have taken."""
    history = Histories(rng.random(), number, False)
    history.world.key, history.ids = False, 1000000 + number * 1000
    owner = player.session("a")
    fresh = rng.random() < 0.3
    if fresh:
        owner.must("SELECT mrcall.unmaintain('{visits}')")
        owner.must("SELECT mrcall.maintain('{visits}')")
    else:
        for _ in range(rng.randint(1, 8)):
            owner.query(history.write()[1])
        if rng.random() < 0.3:
            owner.must(many(rng, f"m{number}-", rng.choice([50, 400]), rng.choice([50, 2000])))
    how = rng.choice(["cancel", "terminate", "terminate", "kill", "kill"])
    session = player.session("k")
    began = time.monotonic()
    session.start("CALL mrcall.refresh()")
    ended = session.answered(rng.uniform(0, took.get(fresh, 0.3)))
    if not ended:
        kill(how, player, session, cluster)
    try:
        result = session.finish()
        if result.error and result.error["C"] != "57014":
            raise RuntimeError(f"refresh: {result.error['C']} {result.error['M']}")
    except ConnectionLost:
        pass
    if not ended:
        # It may have come to its end before it was stopped: then whatever came next would be.
        player.sessions.pop("k").socket.close()
        if how == "kill":
            back(player)
    if ended:
        took[fresh] = time.monotonic() - began
    step = Step(f"refresh, {how}", [("a", "CALL mrcall.refresh()")])
    player.compare(rng, step, 2)
    player.verify(step)
    if rng.random() < 0.6:
        step = Step("refresh", step.acts)
        player.act(step.acts[0], step)
        player.verify(step)
        player.compare(rng, step, 2)
        pending = player.session("a").rows("SELECT pending_ranges, failing_keys FROM mrcall.freshness() WHERE fact = 'visits'")
        if pending != [["0", "0"]]:
            raise Failure("a whole refresh leaves something behind", step, str(pending))
    return not ended, how


def main():
    parser = argparse.ArgumentParser()
    for name in ("owner", "super", "cluster"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    args = parser.parse_args()
    player = Player(password_urls(args.owner, args.super))
    rng = random.Random(f"{args.seed}/kills")
    history = Histories(args.seed, 0, player.hypertables())
    history.world.key = False
    history.world.statements = list(history.world.setup())
    player.begin(history.world)
    player.session("a").must(many(rng, "k", 4000, 700))
    player.session("a").must("SELECT mrcall.maintain('{visits}')")
    hit, took, hows = 0, {}, {}
    for number in range(1, args.rounds + 1):
        try:
            running, how = round_of(player, rng, number, args.cluster, took)
        except (Failure, RuntimeError, ConnectionLost) as error:
            print(f"✗ seed {args.seed}, round {number}: {error}\n{getattr(error, 'detail', '')}\n{getattr(error, 'question', '')}")
            return 1
        hit += running
        if running:
            hows[how] = hows.get(how, 0) + 1
    print(f"figure: {args.rounds} rounds, {hit} refreshes stopped on their way ({', '.join(f'{h} {n}' for h, n in sorted(hows.items()))}), "
          f"{sum(player.asked.values())} questions, {sum(player.from_facts.values())} from facts")
    if hit * 4 < args.rounds or not sum(player.from_facts.values()):
        print("✗ too few were stopped, or nothing came from facts: nothing is proved")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
