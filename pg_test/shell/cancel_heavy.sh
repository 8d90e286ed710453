#!/usr/bin/env bash
# Every function that may take long answers a cancel as soon as the server's own aggregates do over the same rows: within three times
# what array_agg takes. Each statement of kind long in lib/heavy.tsv is cancelled ever later, so that every phase of it is met.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/heavy.sh
. "$(dirname "$0")/lib/heavy.sh"
ROWS=${SOAK:+1500000}
ROWS=${ROWS:-100000}
POINTS=6
# What the machine's other work may delay an answer by, in ms, and the longest that is waited for a statement.
NOISE=30
LONGEST=2500
OUT=$LOGS/cancel_heavy.out
heavy_data "$ROWS"

# How late the answers to a timeout come that ends the statement at these times, in ms, one a line; none where it has ended before.
late() { # statement, ms…
    local statement=$1 at
    shift
    {
        echo 'SET max_parallel_workers_per_gather = 0;'
        for at in "$@"; do
            printf '\\timing off\nSET statement_timeout = %s;\n\\echo at %s\n\\timing on\n%s;\n' "$at" "$at" "$statement"
        done
    } | "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" >"$OUT" 2>&1
    ! grep -qiE 'panic|backtrace|XX000' "$OUT" || die 'the error shows the inside of the extension' "$(cat "$OUT")"
    awk '/^at / { at = $2; cancelled = 0 } /57014/ { cancelled = 1 } /^Time: / && cancelled { printf "%d\n", $2 - at }' "$OUT"
}
whole() { # statement: how long it takes, in ms
    printf 'SET max_parallel_workers_per_gather = 0;\n\\timing on\n%s;\n' "$1" | "$PGBIN/psql" -X -q -At "$URL" >"$OUT" 2>&1
    ! grep -q ERROR "$OUT" || die 'the statement fails' "$1" "$(cat "$OUT")"
    awk '/^Time: / { printf "%d\n", $2 }' "$OUT" | tail -n 1
}
# The worst of all times, of each the best of three: a pause of the machine is no delay of ours. Sets took, worst and cancels.
measure() { # statement, what is late for sure
    local at found more points=()
    took=$(whole "$1")
    local reach=$((took < LONGEST ? took : LONGEST))
    for ((i = 0; i < POINTS; i++)); do points+=($((1 + reach * (2 * i + 1) / (2 * POINTS)))); done
    worst=0 cancels=0
    for at in "${points[@]}"; do
        found=$(late "$1" "$at")
        [ -n "$found" ] || continue
        if [ "$found" -gt "$2" ]; then
            while read -r more; do [ "$more" -ge "$found" ] || found=$more; done < <(late "$1" "$at" "$at")
        fi
        cancels=$((cancels + 1))
        [ "$found" -le "$worst" ] || worst=$found
    done
}
measure "SELECT cardinality(array_agg(h.page ORDER BY h.visitor)) FROM public.heavy_row AS h" 10
control=$worst
[ "$cancels" -ge 3 ] || die 'array_agg has ended before it was cancelled'
allowed=$((3 * (control > NOISE ? control : NOISE)))
echo "array_agg: $took ms; answers a cancel after $control ms at most, so after $allowed ms each of ours has to"
looked=0
while IFS=$'\t' read -r kind functions statement; do
    [ "$kind" = long ] || continue
    measure "$statement" "$allowed"
    echo "$functions: $took ms; $cancels cancels were answered after $worst ms at most"
    [ "$worst" -le "$allowed" ] || die "$functions: too late, after $worst ms" "$statement"
    # A statement that is over in no time needs no cancel.
    [ "$cancels" -ge 3 ] || [ "$took" -lt 50 ] || die "$functions: was cancelled $cancels times only" "$statement"
    looked=$((looked + (cancels >= 3)))
done <"$HEAVY"
[ "$looked" -ge 20 ] || die "only $looked statements took long enough to be cancelled"
# Bytes that nobody made are refused at once.
took=$(whole "SELECT mrcall_internal.text_set_has('\\x0000000000000000010000c00100000001000000', t) FROM unnest('{a,e}'::text[]) AS t")
[ "$took" -lt 1000 ] || die "a forged set of texts is looked through for $took ms"
