#!/usr/bin/env bash
# One business and 30 days, asked by many clients at once (bench/README.md). Started by scripts/bench.sh with CALLS.
set -euo pipefail
here=$(dirname "$0")
pgbench() { # clients, seconds, file
    "$PGBIN/pgbench" -n -M extended -c "$1" -j 2 -T "$2" --random-seed="$SEED" -f "$here/pgbench/$3.sql" "$URL" 2>&1
}
figure() { sed -nE "s/^$1[^0-9]*([0-9.]+).*/\1/p" <<<"$2"; }
for clients in 1 50; do
    for what in call_rows call_summary; do
        out=$(pgbench "$clients" 10 "$what") || { echo "$out"; exit 1; }
        failed=$(figure 'number of failed transactions' "$out")
        echo "$what, $clients clients: $(figure 'latency average' "$out") ms on average, $(figure 'tps' "$out") a second," \
            "$(figure 'number of transactions actually processed' "$out") asked, $failed failed"
        [ "$failed" = 0 ] || exit 1
    done
done
