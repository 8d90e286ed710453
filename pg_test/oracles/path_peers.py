#!/usr/bin/env python3
"""Puts the models over paths beside two packages from PyPI, on random journeys or on a million of them.

    URL=… PGBIN=… python3 pg_test/oracles/path_peers.py compare --seed 1 --worlds 40
    URL=… PGBIN=… python3 pg_test/oracles/path_peers.py bench

URL names a database with mrcall_ext. The packages are installed into build/venv-peers on first use.

What is compared, and what is not, because the package's answer is another definition:
- marketing_attribution_models 2.1.1: first, last, linear and position-based credits of conversions, and the removal effects
  of the Markov chain of order 1, to 1e-9. Its Markov credits are not: it shares each journey among its own channels in
  proportion to the effects, where the definition shares the total. Its Shapley values are not: the worth of a set of
  channels is that of the journeys with exactly this set (not also with fewer), sets without a conversion are worth 0, and
  sets are cut to four channels.
- ChannelAttribution 2.2.5: first, last and linear credits of conversions and value, to 1e-9 (one row a path there). Its Markov
  model is simulated, and by default cuts journeys at the longest one seen: with a thousand steps its credits have to come
  within 3 % of the total.
"""

import argparse
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "venv-peers"
PACKAGES = ["marketing_attribution_models==2.1.1", "ChannelAttribution==2.2.5", "matplotlib", "pandas", "pyarrow"]
CHANNELS = ["Direct", "Paid Search", "Email", "Display", "Organic Search", "Referral", "Paid Social", "Organic Social",
            "Affiliates", "SMS", "Audio", "Paid Video"]


def inside_venv():
    """Goes on inside the private environment, which it makes when it is missing."""
    if pathlib.Path(sys.prefix) == VENV:
        return
    if not (VENV / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", *PACKAGES], check=True)
        (VENV / "done").touch()
    os.execv(str(VENV / "bin" / "python"), [str(VENV / "bin" / "python"), __file__, *sys.argv[1:]])


def psql(sql, data=None):
    """The rows that a script prints, as lists of texts."""
    command = [os.path.join(os.environ["PGBIN"], "psql"), "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", os.environ["URL"]]
    done = subprocess.run(command, input=sql + (data or ""), capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [line.split("\t") for line in done.stdout.splitlines()]


def random_world(rng):
    """Paths, each once, with conversions, value and nulls; every one has a journey."""
    channels = CHANNELS[:rng.randint(2, 7)]
    paths = {}
    for _ in range(rng.randint(5, 60)):
        path = tuple(rng.choice(channels) for _ in range(min(9, 1 + int(rng.expovariate(0.4)))))
        conversions = rng.choice([0, 0, 1, 2, 9])
        value = sum(rng.randint(100, 9999) for _ in range(conversions)) / 100
        paths[path] = (conversions, value, rng.randint(0 if conversions else 1, 9))
    if not any(conversions for conversions, _, _ in paths.values()):
        paths[(channels[0], channels[1])] = (3, 30.0, 1)
    return paths


def ours(paths):
    """Every model's credits: (conversions, value) by model and channel, and the removal effects."""
    rows = ", ".join(f"(ARRAY{list(path)}::text[], {c}, {v}, {n})" for path, (c, v, n) in paths.items())
    answer = psql(f"""
        WITH s AS MATERIALIZED (SELECT mrcall.path_agg(path, c, v, n) AS s FROM (VALUES {rows}) AS v (path, c, v, n))
        SELECT m, k.channel, k.conversions, k.value, NULL::float8 FROM s,
            unnest('{{first_touch,last_touch,linear,position_based}}'::text[]) AS m, mrcall.path_credit(s.s, m) AS k
        UNION ALL SELECT 'markov', k.* FROM s, mrcall.markov(s.s) AS k;""")
    credits = {(m, channel): (float(c), float(v)) for m, channel, c, v, _ in answer}
    return credits, {channel: float(effect) for m, channel, _, _, effect in answer if m == "markov"}


def compare(seed, worlds):
    import pandas
    import ChannelAttribution
    from mam.core import MAM

    counts = {}

    def check(what, world, found, expected, allowed):
        counts[what] = counts.get(what, 0) + 1
        if abs(found - expected) > allowed:
            raise SystemExit(f"{what}: {found}, not {expected} (seed {seed}, world {world})")

    for world in range(worlds):
        rng = random.Random(f"{seed} {world}")
        paths = random_world(rng)
        credits, effects = ours(paths)
        total = sum(c for c, _, _ in paths.values())
        frame = pandas.DataFrame(
            [{"journey": " > ".join(path), "conversion": done, "occurrences": count}
             for path, (c, _, n) in paths.items() for done, count in ((True, c), (False, n)) if count])
        mam = MAM(frame, "grouped_journey", "journey", "conversion", occurrences_colname="occurrences")
        for model, run in (("first_touch", mam.run_first_click), ("last_touch", mam.run_last_click),
                           ("linear", mam.run_linear), ("position_based", mam.run_position_based)):
            theirs = {str(row["channels"]): row["attribution"] for row in run().to_polars().to_dicts()}
            for (m, channel), (conversions, _) in credits.items():
                if m == model:
                    check(f"MAM {model}", world, conversions, theirs.get(channel, 0.0), 1e-9 * total)
        markov = mam.run_markov().metadata["removal_effect"]["removal_effect"]
        for channel, effect in effects.items():
            check("MAM removal effect", world, effect, markov[channel], 1e-9)

        frame = pandas.DataFrame([{"path": ">".join(path), "c": c, "v": v, "n": n} for path, (c, v, n) in paths.items()])
        theirs = ChannelAttribution.heuristic_models(frame, "path", "c", "v", flg_pro=False).set_index("channel_name")
        for model in ("first_touch", "last_touch", "linear"):
            name = model if model != "linear" else "linear_touch"
            for (m, channel), (conversions, value) in credits.items():
                if m == model:
                    check(f"ChannelAttribution {model}", world, conversions, theirs[f"{name}_conversions"][channel], 1e-9 * total)
                    check(f"ChannelAttribution {model} value", world, value, theirs[f"{name}_value"][channel], 1e-6)
        theirs = ChannelAttribution.markov_model(frame, "path", "c", var_null="n", flg_pro=False, verbose=False,
                                                 nsim_start=1e5, conv_par=0.01, max_step=1000, seed=7)
        theirs = theirs.set_index("channel_name")["total_conversions"]
        for (m, channel), (conversions, _) in credits.items():
            if m == "markov":
                check("ChannelAttribution markov", world, conversions, theirs.get(channel, 0.0), 0.03 * total)
    for what, count in counts.items():
        print(f"{what}: {count} compared, all equal")


def million(journeys=1_000_000, seed=42):
    """Journeys as lists of channels' places with whether they convert: 3.4 touches each, later channels depend on earlier."""
    rng = random.Random(seed)
    places = list(range(len(CHANNELS)))
    weights = [[1 + ((a * 7 + b * 3) % 11) for b in places] for a in places]
    for _ in range(journeys):
        path = [rng.choices(places, weights[0])[0]]
        while rng.random() < 0.706 and len(path) < 40:
            path.append(rng.choices(places, weights[path[-1]])[0])
        yield path, rng.random() < 0.02 + 0.01 * path[-1]


def timed(what, job, runs=3):
    """The median of a few runs, printed."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - started)
    print(f"{what:<58} {statistics.median(seconds):8.3f} s", flush=True)
    return statistics.median(seconds)


def bench(package):
    import pandas

    data = list(million())
    print(f"{len(data)} journeys, {sum(len(path) for path, _ in data)} touches, {sum(done for _, done in data)} conversions")
    names = [CHANNELS[i] for i in range(len(CHANNELS))]
    if package == "extension":
        psql("""DROP TABLE IF EXISTS public.bench_touch, public.bench_journey;
            CREATE TABLE public.bench_touch (journey int, no int, channel text);
            COPY public.bench_touch FROM STDIN;\n""",
             "".join(f"{j}\t{no}\t{names[c]}\n" for j, (path, _) in enumerate(data) for no, c in enumerate(path)) + "\\.\n")
        psql("""CREATE TABLE public.bench_journey (journey int, converted boolean);
            COPY public.bench_journey FROM STDIN;\n""", "".join(f"{j}\t{done}\n" for j, (_, done) in enumerate(data)) + "\\.\n")
        psql("""DROP TABLE IF EXISTS public.bench_path;
            CREATE TABLE public.bench_path AS
            SELECT array_agg(t.channel ORDER BY t.no) AS path, j.converted::int::bigint AS conversions,
                   (NOT j.converted)::int::bigint AS nulls
            FROM public.bench_touch AS t JOIN public.bench_journey AS j USING (journey) GROUP BY t.journey, j.converted;
            VACUUM ANALYZE public.bench_touch, public.bench_journey, public.bench_path;""")
        set_of = "(SELECT mrcall.path_agg(path, conversions, 0, nulls) FROM public.bench_path)"
        heuristics = ("SELECT count(*) FROM mrcall.models() AS m, (SELECT {} AS s OFFSET 0) AS s, mrcall.path_credit(s.s, m.model) "
                      "WHERE m.needs = 'order';").format(set_of)
        psql(f"""DROP TABLE IF EXISTS public.bench_set;
            CREATE TABLE public.bench_set AS SELECT {set_of} AS s;""")
        build = """(SELECT mrcall.path_agg(path, converted::int, 0, (NOT converted)::int)
            FROM (SELECT array_agg(channel ORDER BY no) AS path, journey FROM public.bench_touch GROUP BY journey) AS t
            JOIN public.bench_journey USING (journey))"""
        settings = "SET max_parallel_workers_per_gather = 2; SET work_mem = '256MB';"
        alone = "SET max_parallel_workers_per_gather = 0;"
        jobs = {"path_agg alone": f"SELECT mrcall.num_paths({set_of});",
                "path_agg alone, in one process": f"{alone} SELECT mrcall.num_paths({set_of});",
                "all heuristics": heuristics,
                "all heuristics in one call": f"SELECT count(*) FROM mrcall.path_models({set_of});",
                "all heuristics in one call, stored set": "SELECT count(*) FROM public.bench_set, mrcall.path_models(s);",
                "markov": f"SELECT count(*) FROM mrcall.markov({set_of});",
                "markov, stored set": "SELECT count(*) FROM public.bench_set, mrcall.markov(s);",
                "markov, paths built from touches": f"SELECT count(*) FROM mrcall.markov({build});",
                "markov of order 4": f"SELECT count(*) FROM mrcall.markov({set_of}, 4);",
                "shapley total": f"SELECT count(*) FROM mrcall.shapley({set_of});",
                "shapley rate": f"SELECT count(*) FROM mrcall.shapley({set_of}, 'rate');",
                "interval of markov, 100 replicates":
                    f"SELECT count(*) FROM mrcall.path_interval({set_of}, 'markov', replicates => 100);"}
        for what, sql in jobs.items():
            timed(f"extension: {what}", lambda sql=sql: psql(settings + sql))
        return
    journeys = pandas.DataFrame({"journey_id": [str(j) for j in range(len(data))],
                                 "journey": [" > ".join(names[c] for c in path) for path, _ in data],
                                 "conversion": [done for _, done in data],
                                 "time_till_end": [" > ".join("0.0" for _ in path) for path, _ in data]})
    if package == "mam":
        from mam.core import MAM
        made = []

        def make():
            made[:] = [MAM(journeys, "journey", "journey", "conversion")]

        timed("marketing_attribution_models 2.1.1: reading journeys", make)
        timed("marketing_attribution_models 2.1.1: linear", lambda: made[0].run_linear())
        timed("marketing_attribution_models 2.1.1: markov", lambda: made[0].run_markov())
        timed("marketing_attribution_models 2.1.1: shapley", lambda: made[0].run_shapley())
    else:
        from marketing_attribution_models import MAM
        made = []

        def make_old():
            made[:] = [MAM(journeys, channels_colname="journey", journey_with_conv_colname="conversion", path_separator=" > ",
                           group_channels=False)]

        timed("marketing_attribution_models 1.0.10: reading journeys", make_old, 1)
        timed("marketing_attribution_models 1.0.10: linear", lambda: made[0].attribution_all_equal(
            ) if hasattr(made[0], "attribution_all_equal") else made[0].attribution_linear(), 1)
        timed("marketing_attribution_models 1.0.10: markov", lambda: made[0].attribution_markov(), 1)
        timed("marketing_attribution_models 1.0.10: shapley", lambda: made[0].attribution_shapley(), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["compare", "bench"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--package", choices=["extension", "mam", "mam1"], default="extension")
    arguments = parser.parse_args()
    if arguments.package != "mam1":
        inside_venv()
    if arguments.what == "compare":
        compare(arguments.seed, arguments.worlds)
    else:
        bench(arguments.package)


if __name__ == "__main__":
    main()
