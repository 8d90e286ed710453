#!/usr/bin/env bash
# Stored facts through random histories (pg_test/facts): after every step each report and view says the same with facts and without,
# and verify finds nothing after each refresh; ten faults that are planted are each caught. HISTORIES=… plays as many (2500 with SOAK=1,
# else eight at most, and as many as fit into DURATION=20 seconds), SEED=… FIRST=… repeat some, FAULT=… plants one alone, STEPS=… QUESTIONS=… set their size.
export CLUSTER=facts
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/facts.sh
. "$(dirname "$0")/lib/facts.sh"
# The same histories each time, but for their number; at full size others.
SEED=${SEED:-${SOAK:+$((RANDOM * 32768 + RANDOM))}}
SEED=${SEED:-20261130}
echo "seed $SEED"
facts_server
status=0
if [ -z "${FAULT:-}" ]; then
    facts_database
    size=(--seconds "${DURATION:-20}" --histories 8)
    [ -z "${SOAK:-}" ] || size=(--histories 2500)
    [ -z "${HISTORIES:-}" ] || size=(--histories "$HISTORIES")
    facts_python histories.py --seed "$SEED" --first "${FIRST:-1}" "${size[@]}" --steps "${STEPS:-18}" --questions "${QUESTIONS:-2}" || status=1
fi
# One history again: that is all.
[ -z "${FIRST:-}" ] || exit "$status"
for fault in ${FAULT:-$(python3 -B "$ROOT/pg_test/facts/faults.py")}; do
    facts_database
    facts_python histories.py --seed "$SEED" --fault "$fault" --histories 40 --steps "${STEPS:-18}" --questions "${QUESTIONS:-2}" || status=1
done
[ "$status" = 0 ]
