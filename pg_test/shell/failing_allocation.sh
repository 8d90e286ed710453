#!/usr/bin/env bash
# Memory that the system does not give is an error of the statement, as the server's own: the session goes on, and no other notices. Every
# function and report has a statement in lib/heavy.tsv; each is run in a session that may grow by so little, by some more, by ...
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/heavy.sh
. "$(dirname "$0")/lib/heavy.sh"
ROWS=${SOAK:+200000}
ROWS=${ROWS:-60000}
# In kilobytes.
# With nothing at all it is src/pg/ballast.rs that keeps the server alive.
HEADROOMS=(0 600 2000 12000)
[ -z "${SOAK:-}" ] || HEADROOMS=(0 200 600 1500 3000 6000 12000 25000 50000 100000 200000)
# Whose limits are the server's to set.
limit=(prlimit)
[ "$(id -u)" != 0 ] || limit=(runuser -u postgres -- prlimit)
"${limit[@]}" --version >/dev/null || { echo 'prlimit is not there' && exit 77; }
heavy_data "$ROWS"
missing=$(functions_without_a_case)
[ -z "$missing" ] || die 'these functions have no statement in pg_test/shell/lib/heavy.tsv' "$missing"

# A session for all statements at one headroom. What it may have more is counted anew for each.
script=$LOGS/failing_allocation.sql
starve() { # headroom in kB
    {
        echo "SELECT pg_backend_pid() AS pid \\gset"
        echo "\\setenv BACKEND :pid"
        echo "SET max_parallel_workers_per_gather = 0; SET statement_timeout = '60s'; SET jit = off;"
        # What the first call of anything takes, catalogs and tables of rules, is taken before.
        echo "SELECT mrcall.channel('https://www.google.com/', 'https://a.example/'), mrcall.is_bot('x'), count(*) FROM mrcall.sessionize('2026-01-01', '2026-01-02');"
        local nr=0 kind statement
        while IFS=$'\t' read -r kind _ statement; do
            nr=$((nr + 1))
            [ "$kind" != light ] || continue
            [ "$kind" != report ] || [ "$1" -ge 600 ] || continue
            printf '%s\n' "\\echo == $nr"
            echo "\\! ${limit[*]} --pid \$BACKEND --as=\$((\$(awk '/^VmSize/ { print \$2 }' /proc/\$BACKEND/status) * 1024 + $1 * 1024)):unlimited"
            echo "BEGIN; $statement; ROLLBACK;"
            echo "\\! ${limit[*]} --pid \$BACKEND --as=unlimited:unlimited"
            echo "SELECT 'goes on';"
        done <"$HEAVY"
    } >"$script"
    "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" -f "$script" >"$OUT" 2>&1
}
OUT=$LOGS/failing_allocation.out
started=$(db -c 'SELECT pg_postmaster_start_time()')
declare -A refused
for headroom in "${HEADROOMS[@]}"; do
    starve "$headroom" || true
    ! grep -q 'prlimit: ' "$OUT" || die 'the limit is not set' "$(grep -m 1 'prlimit: ' "$OUT")"
    # The server restarts where a process of it was aborted; a session that ended alone is a FATAL.
    ! grep -qE 'server closed the connection|terminat|FATAL|PANIC' "$OUT" || die "at $headroom kB a session ended" "$(grep -B 8 -m 1 -E 'server closed|terminat|FATAL|PANIC' "$OUT")"
    ! grep -qE 'panicked|XX000|\.rs:[0-9]' <(grep -v '^LOCATION' "$OUT") || die "at $headroom kB the inside of the extension shows" \
        "$(grep -B 4 -A 4 -m 1 -E 'panicked|XX000|\.rs:[0-9]' "$OUT")"
    bad=$(grep -E 'ERROR:' "$OUT" | grep -vE 'ERROR:  (53200|22023|54000|57014|25P02)' | sort | uniq -c | head -5 || true)
    [ -z "$bad" ] || die "at $headroom kB there are other errors than of memory" "$bad"
    while read -r nr; do refused[$nr]=1; done < <(awk '/^== / { nr = $2 } /ERROR:  53200/ { print nr }' "$OUT" | sort -u)
    echo "ok: with $headroom kB more $(grep -c '^goes on' "$OUT") statements let the session go on, $(grep -c 'ERROR:  53200' "$OUT") of them by an error"
done
[ "$(db -c 'SELECT pg_postmaster_start_time()')" = "$started" ] || die 'the server was started anew'
# Whoever needs memory has missed it, but for a few that found what a statement before them gave back: else nothing was looked at.
nr=0 never=()
while IFS=$'\t' read -r kind functions _; do
    nr=$((nr + 1))
    case $kind in
    long | hungry) [ -n "${refused[$nr]:-}" ] || never+=("$functions") ;;
    esac
done <"$HEAVY"
[ "${#never[@]}" -le 4 ] || die "these have never missed memory: their statements are too small" "${never[@]}"
echo "ok: each of them was refused memory at some size, but for ${#never[@]}: ${never[*]}"
