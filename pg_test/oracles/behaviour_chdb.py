#!/usr/bin/env python3
"""Asks ClickHouse (the package chdb) for funnels, retention and sequences of random groups, as vectors for a Rust test.

    python pg_test/oracles/behaviour_chdb.py --seed 1 --groups 12 --out engine/tests/data/behaviour.tsv
    python pg_test/oracles/behaviour_chdb.py --groups 3000 --out /tmp/vectors.tsv
    MRCALL_BEHAVIOUR_VECTORS=/tmp/vectors.tsv cargo test --release -p mrcall_engine --test behaviour_vectors

--groups is per mode or pattern. A line of the file: what, argument (modes or pattern), within, conditions, events as
ts:mask with a random order, answer. Instants and within are seconds; bit 0 of a mask is the first condition. A NULL
condition is 0 here, as it is false in SQL (ClickHouse itself would leave out the row).

Left out, because ClickHouse's answer is not the definition: strict_increase on its own (it loses chains), .* beside a
time condition (it compares with the event after the .*), patterns that begin or end with a time condition (refused
here). Rows go to ClickHouse in order of (ts, conditions), which decides its ties.
"""

import argparse
import itertools
import random
import re

import chdb

CHAIN = ["strict_increase", "strict_once"]
SCAN = ["strict_deduplication", "strict_order", "allow_reentry"]


def mode_sets():
    """Every set of modes that ClickHouse defines, or answers with the longest chain."""
    for bits in itertools.product([False, True], repeat=5):
        modes = [mode for mode, on in zip(CHAIN + SCAN, bits) if on]
        scans = "strict_order" in modes or "strict_deduplication" in modes
        if "allow_reentry" in modes and "strict_order" not in modes:
            continue
        # Without a scan, strict_increase is the longest chain only if each event is kept apart.
        if "strict_increase" in modes and "strict_once" not in modes and not scans:
            continue
        yield modes


def random_groups(rng, count, conditions, empty):
    """Groups of at most 16 events (ClickHouse sorts so few in a stable way), with ties and duplicates."""
    for _ in range(count):
        span = rng.choice([1, 3, 8, 20, 60])
        density = rng.choice([0.2, 0.4, 0.7])
        events = []
        for _ in range(rng.randint(1, 16)):
            mask = sum(1 << i for i in range(conditions) if rng.random() < density)
            if rng.random() < 0.5:
                mask = 1 << rng.randrange(conditions)
            if empty and rng.random() < 0.08:
                mask = 0
            events.append((1000 + rng.randint(0, span), mask))
            if rng.random() < 0.1:
                events.append(events[-1])
        yield events[:16]


def ordered(events, conditions):
    """In the order of (ts, conditions) as PostgreSQL compares arrays of booleans."""
    return sorted(events, key=lambda event: (event[0], [event[1] >> i & 1 for i in range(conditions)]))


def ask(expression, groups, conditions, ts):
    """The answers of an aggregate for each group."""
    rows = ",".join(f"({g},{at},{mask})" for g, group in enumerate(groups) for at, mask in ordered(group, conditions))
    tests = ",".join(f"toUInt8(bitTest(mask, {i}))" for i in range(conditions))
    sql = (
        f"SELECT g, {expression}({ts}{tests}) AS answer FROM values('g UInt32, ts UInt32, mask UInt32', {rows}) "
        "GROUP BY g ORDER BY g SETTINGS max_threads = 1, max_query_size = 1000000000, max_ast_elements = 100000000, "
        "max_expanded_ast_elements = 100000000"
    )
    lines = str(chdb.query(sql, "TSV")).splitlines()
    assert len(lines) == len(groups)
    return [line.split("\t")[1] for line in lines]


def random_pattern(rng, conditions, timed):
    """Steps and dots with nothing, .* or a time condition between them."""
    parts = []
    for i in range(rng.randint(1, 4)):
        if i:
            gap = rng.choice(["", "", ".*", "time"] if timed else ["", ".*"])
            if gap == "time":
                gap = f"(?t{rng.choice(['<=', '<', '>=', '>', '=='])}{rng.choice([0, 1, 2, 5, 10, 30])})"
            parts.append(gap)
        parts.append("." if rng.random() < 0.15 else f"(?{rng.randint(1, conditions)})")
    edges = rng.random() < 0.1
    return (".*" if edges else "") + "".join(parts) + (".*" if edges else "")


def seconds(answer):
    """The instants of an array of times of day 1 of 1970, as ClickHouse writes it."""
    for at in re.findall(r"\d+-\d+-\d+ (\d+):(\d+):(\d+)", answer):
        hours, minutes, rest = map(int, at)
        yield str(hours * 3600 + minutes * 60 + rest)


def cases(rng, count):
    """All lines of the file."""
    for modes in mode_sets():
        left = count
        while left > 0:
            conditions, within = rng.randint(1, 6), rng.choice([0, 1, 2, 5, 10, 30, 100])
            some = min(left, max(1, count // 8))
            groups = list(random_groups(rng, some, conditions, True))
            names = "".join(f", '{mode}'" for mode in modes)
            for events, answer in zip(groups, ask(f"windowFunnel({within}{names})", groups, conditions, "ts, ")):
                yield "funnel", ",".join(modes), within, conditions, events, answer
            left -= some
    left = 8 * count
    while left > 0:
        conditions, some = rng.randint(2, 4), min(left, max(1, count // 8))
        pattern = random_pattern(rng, conditions, rng.random() < 0.6)
        groups = list(random_groups(rng, some, conditions, True))
        found = {}
        for what, name in (("match", "sequenceMatch"), ("count", "sequenceCount"), ("events", "sequenceMatchEvents")):
            answers = ask(f"{name}('{pattern}')", groups, conditions, "toDateTime(ts, 'UTC'), ")
            found[what] = answers
            for events, answer, matches in zip(groups, answers, found["match"]):
                if what != "events":
                    yield what, pattern, 0, conditions, events, answer
                elif matches == "1":
                    # Without a match ClickHouse gives the longest part that matched.
                    yield what, pattern, 0, conditions, events, " ".join(seconds(answer))
        left -= some
    conditions = 5
    groups = list(random_groups(rng, count, conditions, True))
    for events, answer in zip(groups, ask("retention", groups, conditions, "")):
        yield "retention", "", 0, conditions, events, "".join(bit for bit in answer if bit in "01")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    version = str(chdb.query("SELECT version()", "TSV")).strip()
    lines = 0
    with open(args.out, "w", encoding="utf-8") as out:
        options = f"--seed {args.seed} --groups {args.groups}"
        out.write(f"# pg_test/oracles/behaviour_chdb.py {options}, ClickHouse {version}\n")
        for what, argument, within, conditions, events, answer in cases(rng, args.groups):
            text = " ".join(f"{ts}:{mask}" for ts, mask in events)
            out.write(f"{what}\t{argument}\t{within}\t{conditions}\t{text}\t{answer}\n")
            lines += 1
    print(f"seed {args.seed}, ClickHouse {version}: {lines} vectors in {args.out}")


if __name__ == "__main__":
    main()
