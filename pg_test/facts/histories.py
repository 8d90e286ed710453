#!/usr/bin/env python3
"""Random histories of stored facts. Each depends on the seed and its own number alone. The first that goes wrong is made short: steps are
left out as long as it still goes wrong, and what is left is printed as SQL.

usage: histories.py --owner URL --super URL --seed N [--first N] [--histories N | --seconds S] [--steps N] [--questions N] [--fault NAME]"""

import argparse
import random
import sys
import time

import faults
from play import Failure, Player, password_urls
from questions import FROM_FACTS
from steps import Histories


def shorter(player, world, steps, questions, seed, failure, seconds):
    """The fewest steps found that still go wrong, and how."""
    began = time.monotonic()

    def fails(some):
        try:
            player.play(world, some, questions, seed)
        except Failure as found:
            # Another error than that is another history.
            return found if found.what[:30] == failure.what[:30] else None
        return None

    # Nothing behind the step that went wrong.
    steps = steps[:next(i for i, (_, s) in enumerate(steps) if s is failure.step) + 1]
    if not fails(steps):
        return steps, failure, False
    size = len(steps) // 2
    while size and time.monotonic() - began < seconds:
        start, found_one = 0, False
        while start < len(steps) and time.monotonic() - began < seconds:
            some = steps[:start] + steps[start + size:]
            found = some and fails(some)
            if found:
                steps, failure, found_one = some, found, True
                steps = steps[:next(i for i, (_, s) in enumerate(steps) if s is found.step) + 1]
            else:
                start += size
        size = size if found_one and size == 1 else size // 2
    return steps, failure, True


def story(world, steps):
    print("-- The world: psql -v base=… -f pg_test/facts/world.sql, then as the owner:")
    for sql in world.statements:
        print(sql + ";")
    for number, step in steps:
        print(f"\n-- step {number}: {step.kind}")
        for line in step.lines():
            print(line)


def main():
    parser = argparse.ArgumentParser()
    for name in ("owner", "super"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--histories", type=int, default=10 ** 9)
    parser.add_argument("--seconds", type=float, default=10 ** 9)
    parser.add_argument("--steps", type=int, default=18)
    parser.add_argument("--questions", type=int, default=2)
    parser.add_argument("--shrink", type=float, default=90, help="seconds for making a history short")
    parser.add_argument("--fault", choices=sorted(faults.FAULTS))
    parser.add_argument("--show", action="store_true", help="prints the histories' steps")
    args = parser.parse_args()
    urls = password_urls(args.owner, args.super)
    player = Player(urls, faults.FAULTS[args.fault]() if args.fault else None)
    with_hypertables = player.hypertables()
    if player.fault and player.fault.often == "partitions" and not with_hypertables:
        print(f"figure: fault {args.fault}: left out, tables here have no chunks")
        return 0
    began = time.monotonic()
    played = steps_played = 0
    for number in range(args.first, args.first + args.histories):
        if time.monotonic() - began > args.seconds:
            break
        seed = f"{args.seed}/{number}"
        history = Histories(args.seed, number, with_hypertables, player.fault and player.fault.often)
        steps = list(enumerate(history.history(random.Random(seed).randint(args.steps // 2, args.steps)), 1))
        if args.show:
            story(history.world, steps)
        try:
            player.play(history.world, steps, args.questions, seed)
        except Failure as failure:
            if args.fault:
                print(f"figure: fault {args.fault}: caught by history {number - args.first + 1} in {time.monotonic() - began:.0f} s: {failure.what}")
                return 0
            print(f"✗ seed {args.seed}, history {number}, step {failure.step.kind}: {failure.what}\n{failure.detail}", flush=True)
            steps, failure, again = shorter(player, history.world, steps, args.questions, seed, failure, args.shrink)
            print("\n== the same, short ==" if again else "\n== it did not happen again; the whole history: ==")
            story(history.world, steps)
            print(f"\n-- {failure.what}\n{failure.detail}")
            if failure.question:
                print(f"-- asked: {failure.question}")
            print(f"repeat: SEED={args.seed} FIRST={number} HISTORIES=1 scripts/test.sh facts_histories")
            return 1
        played += 1
        steps_played += len(steps)
    if args.fault:
        print(f"✗ fault {args.fault}: not caught by {played} histories")
        return 1
    return figures(player, played, steps_played, time.monotonic() - began)


def figures(player, played, steps, seconds):
    asked, used = sum(player.asked.values()), sum(player.from_facts.values())
    print(f"figure: {played} histories, {steps} steps, {asked} questions, {100 * used // max(1, asked)} % read stored facts, {seconds:.0f} s")
    print("figure: from facts: " + ", ".join(f"{kind} {100 * player.from_facts[kind] // n} % of {n}" for kind, n in sorted(player.asked.items())))
    print("figure: refused: " + ", ".join(f"{kind} {n}" for kind, n in player.refused.most_common(14)))
    bad = []
    if played == 0:
        bad.append("no history was played")
    if player.asked["visits"] >= 100 and player.from_facts["visits"] * 3 < player.asked["visits"]:
        bad.append("most answers came from the rows: nothing is proved")
    bad += [f"{kind} was never answered from facts" for kind in FROM_FACTS if player.asked[kind] >= 30 and not player.from_facts[kind]]
    # Two errors are alike: a question that is put wrongly would prove nothing.
    bad += [f"{kind} was never answered, but an error {n} times" for kind, n in player.posed.items() if n >= 6 and not player.asked[kind]]
    for said in bad:
        print("✗ " + said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
