#!/usr/bin/env bash
# Stored facts through random histories (pg_test/facts): after every step each report and view says the same with facts and without,
# and verify finds nothing after each refresh; ten faults that are planted are each caught. HISTORIES=… plays as many (2500 with SOAK=1,
# else as many as fit in half a minute), SEED=… FIRST=… repeat some, FAULT=… plants one fault alone, STEPS=… QUESTIONS=… set their size.
export CLUSTER=facts
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/facts.sh
. "$(dirname "$0")/lib/facts.sh"
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $SEED"
facts_server
status=0
if [ -z "${FAULT:-}" ]; then
    facts_database
    facts_python histories.py --seed "$SEED" ${FIRST:+--first "$FIRST"} ${STEPS:+--steps "$STEPS"} ${QUESTIONS:+--questions "$QUESTIONS"} \
        --histories "${HISTORIES:-$([ -n "${SOAK:-}" ] && echo 2500 || echo 100000)}" --seconds "${SECONDS_IN_ALL:-$([ -n "${SOAK:-}" ] && echo 100000 || echo 30)}" || status=1
fi
[ -z "${HISTORIES:-}${FIRST:-}" ] || exit "$status"
# Each on a database of its own, as it leaves the extension broken.
for fault in ${FAULT:-$(python3 -B "$ROOT/pg_test/facts/faults.py")}; do
    facts_database
    facts_python histories.py --seed "$SEED" --fault "$fault" --histories 60 --seconds 60 ${STEPS:+--steps "$STEPS"} || status=1
done
[ "$status" = 0 ]
