#!/usr/bin/env bash
# ClickHouse, DuckDB and two packages of Python asked the same, on random input. Only with SOAK=1: they are large downloads. SEED=…
# repeats, GROUPS_OF=… and WORLDS=… choose the size.
if [ -z "${SOAK:-}" ]; then
    echo "ClickHouse, DuckDB and Python's packages are large downloads: SOAK=1 compares with them"
    exit 77
fi
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
export URL PGBIN PATH=$PGBIN:$PATH
echo "seed $SEED"
"$ROOT/scripts/setup.sh" bench
python=$BUILD/venv-bench/bin/python
oracles=$ROOT/pg_test/oracles
cd "$ROOT"

"$python" "$oracles/behaviour_chdb.py" --seed "$SEED" --groups "${GROUPS_OF:-3000}" --out "$LOGS/behaviour.tsv" >"$LOGS/peers.out"
"$python" "$oracles/calls_chdb.py" --seed "$SEED" --groups "${GROUPS_OF:-20000}" --out "$LOGS/calls.tsv" >>"$LOGS/peers.out"
MRCALL_BEHAVIOUR_VECTORS=$LOGS/behaviour.tsv MRCALL_CALLS_VECTORS=$LOGS/calls.tsv \
    env -u SOAK cargo test -q -p mrcall_engine --test behaviour_vectors --test calls >>"$LOGS/peers.out" 2>&1 ||
    die "the engine and ClickHouse differ" "$(tail -n 30 "$LOGS/peers.out")"
echo "figure: ClickHouse: $(wc -l <"$LOGS/behaviour.tsv") lines on behaviour and $(wc -l <"$LOGS/calls.tsv") on calls agree"
"$python" "$oracles/bucket_peers.py" --since "${SINCE:-2000}" --until 2030 >"$LOGS/peers-buckets.out" 2>&1 ||
    die "the buckets differ" "$(tail -n 30 "$LOGS/peers-buckets.out")"
echo "figure: buckets: every difference from DuckDB and ClickHouse is one of theirs, of $(wc -l <"$LOGS/peers-buckets.out") kinds"
python3 "$oracles/path_peers.py" compare --seed "$SEED" --worlds "${WORLDS:-40}" >"$LOGS/peers-paths.out" 2>&1 ||
    die "the models over paths differ" "$(tail -n 30 "$LOGS/peers-paths.out")"
echo "figure: paths: $(grep -c 'all equal' "$LOGS/peers-paths.out") comparisons with packages of Python, all equal"
python3 "$oracles/markov_simulation.py" --seed "$SEED" --worlds "${WORLDS:-40}" >"$LOGS/peers-markov.out" 2>&1 ||
    die "markov and the simulation differ" "$(tail -n 30 "$LOGS/peers-markov.out")"
sed -n 's/^| \([1-4]\) |/figure: markov of order \1 beside a million simulated journeys:/p' "$LOGS/peers-markov.out"
