#!/usr/bin/env bash
# Random histories of customers at Stripe and Apple, by an independent model of both (pg_test/money): payments and refunds come to what
# customers paid less what went back, each refund belongs to its payment, closed months stay as they were, and what is none of our money
# is none. HISTORIES=20000 plays as many, SEED=… repeats a run; pg_test/money/histories.py --seed … --show NUMBER prints one of them.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
HISTORIES=${HISTORIES:-${SOAK:+20000}}
HISTORIES=${HISTORIES:-1500}
# So many are in the database at once.
batch=2500
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "seed $SEED"
"$ROOT/scripts/cluster.sh" new-database money
url=$("$ROOT/scripts/cluster.sh" url money)
db() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$url" "$@"; }
db -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
failed=0
for ((first = 1; first <= HISTORIES; first += batch)); do
    count=$((HISTORIES - first + 1 < batch ? HISTORIES - first + 1 : batch))
    python3 -B "$ROOT/pg_test/money/histories.py" --seed "$SEED" --first "$first" --histories "$count" --into "$work"
    (cd "$work" && db -f "$ROOT/pg_test/money/load.sql")
    db -f "$ROOT/pg_test/money/check.sql" | tee "$work/said"
    grep -q '^figure: [1-9]' "$work/said" || die "nothing was compared"
    grep -q '^differences: 0 ' "$work/said" || failed=1
done
[ "$failed" = 0 ]
