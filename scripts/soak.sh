#!/usr/bin/env bash
# The tests that have a size, at their full size (SOAK=1): hours instead of minutes. usage: soak.sh [name…]
# Each prints its seed, and what it found out in lines that begin with "figure: "; the summary has them, the tree's hash and the times.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
cd "$ROOT"
export SOAK=1 ROUNDS=${ROUNDS:-100} PROPTEST_CASES=${PROPTEST_CASES:-100000} MINUTES=${MINUTES:-15}
summary=$LOGS/soak.txt
# The tests that say that they have a size, and the engine's.
mapfile -t parts < <(grep -lE '\bSOAK\b|\bROUNDS\b' pg_test/shell/*.sh | xargs -n 1 basename | sed 's/\.sh$//' | sort)
parts=(engine "${parts[@]}")
[ $# = 0 ] || parts=("$@")
tree=$(git rev-parse HEAD 2>/dev/null || echo 'no repository')
[ -z "$(git status --porcelain 2>/dev/null)" ] || tree="$tree and what is not committed"
{
    echo "tree $tree"
    echo "$(date -u '+%Y-%m-%d %H:%M') UTC, PostgreSQL $PG, $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg)"
} | tee "$summary"
failed=0
for part in "${parts[@]}"; do
    say "==> $part"
    started=$SECONDS status=0
    scripts/test.sh "$part" >"$LOGS/soak-$part.log" 2>&1 || status=$?
    log=$LOGS/test-$part.log
    verdict=$(grep -E "^(ok|FAILED|SKIPPED) +$part\b" "$LOGS/soak-$part.log" | head -n 1 | cut -d ' ' -f 1 || true)
    # Of a test in SQL, seeds and figures are in what it is expected to print.
    [ -s "$log" ] || log=$LOGS/$part.out
    case ${verdict:-FAILED} in
    ok) ;;
    SKIPPED) verdict="skipped: $(tail -n 1 "$log")" ;;
    *)
        verdict=FAILED failed=$((failed + 1))
        tail -n 40 "$LOGS/soak-$part.log"
        ;;
    esac
    {
        printf '%-20s %5d s  %s\n' "$part" $((SECONDS - started)) "$verdict"
        grep -hoE '^(seed|figure:|[0-9]+ kills).*|^test result: .* passed' "$log" 2>/dev/null | sort -u | head -n 40 |
            sed 's/^figure: //; s/^/    /' || true
    } | tee -a "$summary"
    [ "$status" = 0 ] || [ "$verdict" = FAILED ] || failed=$((failed + 1))
done
echo "$SECONDS s, $failed failed" | tee -a "$summary"
say "the summary is in ${summary#"$ROOT"/}"
[ "$failed" = 0 ]
