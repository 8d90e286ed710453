#!/usr/bin/env bash
# Refreshes of stored facts that are cancelled, terminated, or killed with the server, anywhere: what is stored stays right, and the next
# refresh goes on from there. ROUNDS=… (300 with SOAK=1), SEED=… repeats.
export CLUSTER=facts
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/facts.sh
. "$(dirname "$0")/lib/facts.sh"
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
ROUNDS=${ROUNDS:-$([ -n "${SOAK:-}" ] && echo 300 || echo 8)}
echo "seed $SEED"
facts_server
facts_database
facts_python kills.py --seed "$SEED" --rounds "$ROUNDS" --cluster "$ROOT/scripts/cluster.sh"
