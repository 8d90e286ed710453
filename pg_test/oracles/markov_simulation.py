#!/usr/bin/env python3
"""mrcall.markov of orders 1 to 4 beside the simulation of ChannelAttribution: prints the table of docs/models/markov.md.

    PGBIN=… URL=… pg_test/oracles/markov_simulation.py --seed 1 --worlds 40 --draws 1000000

The package is a download. Worlds are random: few and many channels, often repeated, paths shorter and longer than a state, some that never
convert. A removal effect that is simulated with n conversions has the standard error sqrt(e (1 - e) / n): differences beyond what chance
explains (5 of them) end the script with an error.
"""

import argparse
import datetime
import math
import os
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "venv-markov"
PACKAGES = ["ChannelAttribution==2.2.5", "matplotlib", "pandas"]
VERSION = "2.2.5"
CHANNELS = ["Direct", "Paid Search", "Email", "Display", "Referral", "SMS"]
MOST_ERRORS = 5


def inside_venv():
    """Goes on inside the private environment, which it makes when it is missing."""
    if pathlib.Path(sys.prefix) == VENV:
        return
    if not (VENV / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", *PACKAGES], check=True)
        (VENV / "done").touch()
    os.execv(str(VENV / "bin" / "python"), [str(VENV / "bin" / "python"), __file__, *sys.argv[1:]])


def world(rng):
    """Paths, each once, with conversions and nulls; a channel often follows itself."""
    channels = CHANNELS[:rng.randint(2, len(CHANNELS))]
    again = rng.choice([0.1, 0.4, 0.7])
    paths = {}
    for _ in range(rng.randint(4, 40)):
        path = [rng.choice(channels)]
        while rng.random() < 0.75 and len(path) < 9:
            path.append(path[-1] if rng.random() < again else rng.choice(channels))
        paths[tuple(path)] = (rng.choice([0, 1, 2, 9]), rng.randint(1, 9))
    paths[(channels[0], channels[0], channels[1])] = (3, 1)
    return paths


def ours(paths, order):
    """The removal effect of each channel."""
    rows = ", ".join(f"(ARRAY{list(path)}::text[], {c}, {n})" for path, (c, n) in paths.items())
    sql = f"""SELECT k.channel, k.removal_effect FROM mrcall.markov((
        SELECT mrcall.path_agg(path, c, 0, n) FROM (VALUES {rows}) AS v (path, c, n)), {order}) AS k;"""
    command = [os.path.join(os.environ["PGBIN"], "psql"), "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", os.environ["URL"], "-c", sql]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return {channel: float(effect) for channel, effect in (line.split("\t") for line in done.stdout.splitlines())}


def simulated(paths, order, draws, seed):
    """The same by the package, and how many simulated journeys converted, which it does not say: about as many as real ones."""
    import ChannelAttribution
    import pandas

    frame = pandas.DataFrame([{"path": ">".join(path), "c": c, "n": n} for path, (c, n) in paths.items()])
    answer = ChannelAttribution.markov_model(
        frame, "path", "c", var_null="n", order=order, nsim_start=draws, nfold=1, conv_par=1, max_step=10_000, out_more=True, seed=seed,
        verbose=False, flg_pro=False)
    effects = dict(zip(answer["removal_effects"]["channel_name"], answer["removal_effects"]["removal_effect"]))
    conversions, nulls = frame["c"].sum(), frame["n"].sum()
    return effects, draws * conversions / (conversions + nulls)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--draws", type=int, default=1_000_000)
    arguments = parser.parse_args()
    inside_venv()
    print(f"seed {arguments.seed}, {arguments.worlds} worlds, {arguments.draws} draws, ChannelAttribution {VERSION}, {datetime.date.today()}")
    print("| order | effects compared | mean difference | largest difference | max \\|z\\| |\n|---|---|---|---|---|")
    failed = False
    for order in range(1, 5):
        differences, scores = [], []
        for number in range(arguments.worlds):
            paths = world(random.Random(f"{arguments.seed} {number}"))
            exact = ours(paths, order)
            found, conversions = simulated(paths, order, arguments.draws, arguments.seed + number)
            for channel, effect in exact.items():
                difference = abs(found.get(channel, 0.0) - effect)
                differences.append(difference)
                # An effect of 1 cannot be missed; a count has no finer step than one.
                error = math.sqrt(max(effect * (1 - effect), 1 / conversions) / conversions)
                scores.append(difference / error)
        failed = failed or max(scores) > MOST_ERRORS
        print(f"| {order} | {len(differences)} | {sum(differences) / len(differences):.6f} | {max(differences):.6f} | {max(scores):.1f} |")
    if failed:
        raise SystemExit("differences that chance does not explain")


if __name__ == "__main__":
    main()
