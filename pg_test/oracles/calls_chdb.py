#!/usr/bin/env python3
"""Writes test vectors for calls: random intervals and what ClickHouse says of them.

A line: intervals as start:end, then maxIntersections, maxIntersectionsPosition and intervalLengthSum.
The file in engine/tests/data is made with the options of its first line; to test more, write a larger file and set
MRCALL_CALLS_VECTORS to it when running the engine's tests.

usage: calls_chdb.py [--seed N] [--groups N] --out FILE
"""

import argparse
import random

import chdb


def random_groups(rng, count):
    """Calls that nest, touch, coincide and lie apart; now and then one that covers all."""
    for _ in range(count):
        span, longest = rng.choice([10, 60, 1000, 10**9]), rng.choice([1, 5, 40, 3 * 10**8])
        calls = []
        for _ in range(rng.randint(1, 14)):
            start = rng.randint(0, span)
            if calls and rng.random() < 0.3:
                start = rng.choice(calls)[rng.randint(0, 1)]
            calls.append((start, start + rng.randint(1, longest)))
        if rng.random() < 0.1:
            calls.append((0, 2 * span + longest))
        yield calls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    groups = list(random_groups(random.Random(args.seed), args.groups))
    rows = ",".join(f"({g},{start},{end})" for g, calls in enumerate(groups) for start, end in calls)
    answers = str(chdb.query(
        "SELECT maxIntersections(a, b), maxIntersectionsPosition(a, b), intervalLengthSum(a, b) "
        f"FROM values('g UInt32, a Int64, b Int64', {rows}) GROUP BY g ORDER BY g "
        "SETTINGS max_query_size = 1000000000, max_ast_elements = 100000000, max_expanded_ast_elements = 100000000",
        "TSV")).splitlines()
    assert len(answers) == len(groups)
    version = str(chdb.query("SELECT version()", "TSV")).strip()
    with open(args.out, "w", encoding="utf-8") as out:
        options = f"--seed {args.seed} --groups {args.groups}"
        out.write(f"# pg_test/oracles/calls_chdb.py {options}, ClickHouse {version}\n")
        for calls, answer in zip(groups, answers):
            out.write(" ".join(f"{start}:{end}" for start, end in calls) + f"\t{answer}\n")
    print(f"seed {args.seed}, ClickHouse {version}: {len(groups)} vectors in {args.out}")


if __name__ == "__main__":
    main()
