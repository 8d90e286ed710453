#!/usr/bin/env bash
# Stored facts beside writers: three writers, two refreshes and readers with snapshots of their own at once, rules and chunks that change
# meanwhile, and a reader on a hot standby. Within a snapshot facts and rows say the same. DURATION=… seconds (600 with SOAK=1), SEED=….
export CLUSTER=facts
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/facts.sh
. "$(dirname "$0")/lib/facts.sh"
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
DURATION=${DURATION:-$([ -n "${SOAK:-}" ] && echo 600 || echo 8)}
echo "seed $SEED"
facts_server
facts_database
facts_standby
facts_python beside.py --seed "$SEED" --seconds "$DURATION" --standby "$standby"
