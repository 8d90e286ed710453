#!/usr/bin/env bash
# mrcall.max_state_memory bounds what a statement takes of the system's memory: a fifth more than it at most, beside what the server
# itself takes to read and sort rows. Each statement of lib/heavy.tsv is run under a small limit, and its process is looked at.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/heavy.sh
. "$(dirname "$0")/lib/heavy.sh"
ROWS=${SOAK:+1500000}
ROWS=${ROWS:-100000}
LIMIT=8
# In MB: the values themselves as the server passes them, work_mem, pages of tables, catalogs, malloc's own.
SERVER=$((24 + ROWS / 5000))
as_server=()
[ "$(id -u)" != 0 ] || as_server=(runuser -u postgres --)
OUT=$LOGS/peak_memory.out
heavy_data "$ROWS"
script=$LOGS/peak_memory.sql
{
    nr=0
    while IFS=$'\t' read -r kind _ statement; do
        nr=$((nr + 1))
        [ "$kind" != light ] || continue
        # A process of its own: what another statement gave back would hide what this one takes.
        printf '%s\n' '\c -' 'SELECT pg_backend_pid() AS pid \gset' '\setenv BACKEND :pid' "\\echo == $nr"
        echo "SET max_parallel_workers_per_gather = 0; SET statement_timeout = '120s'; SET work_mem = '1MB'; SET jit = off;"
        # The pages of the table, which are shared, are touched before, and what all calls need is loaded.
        echo "SELECT count(mrcall.channel(page, NULL)), bool_or(mrcall.is_bot(page)) FROM public.heavy_row;"
        echo "SET mrcall.max_state_memory = '${LIMIT}MB';"
        echo "\\! ${as_server[*]} sh -c 'echo 5 >/proc/'\$BACKEND'/clear_refs'; awk '/^VmRSS/ { print \"before \" \$2 }' /proc/\$BACKEND/status"
        echo "$statement;"
        echo "\\! awk '/^VmHWM/ { print \"most \" \$2 }' /proc/\$BACKEND/status"
    done <"$HEAVY"
} >"$script"
"$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" -f "$script" >"$OUT" 2>&1 || true
! grep -qE 'FATAL|PANIC|server closed|Permission denied' "$OUT" || die 'the session ended' "$(grep -E -B 5 'FATAL|PANIC|server closed|Permission denied' "$OUT")"
awk '/^== / { nr = $2 } /^before / { before = $2 } /^most / { print nr, int(($2 - before) / 1024) } /54000/ { print nr, "refused" }' "$OUT" >"$OUT.peaks"
looked=0 refused=0
while read -r nr most; do
    if [ "$most" = refused ]; then
        refused=$((refused + 1))
        continue
    fi
    looked=$((looked + 1))
    functions=$(sed -n "${nr}p" "$HEAVY" | cut -f 2)
    [ "$most" -le $((LIMIT * 12 / 10 + SERVER)) ] ||
        die "$functions takes $most MB under a limit of $LIMIT MB" "$(sed -n "${nr}p" "$HEAVY" | cut -f 3)"
done <"$OUT.peaks"
sort -k 2 -n -r "$OUT.peaks" | grep -v refused | head -n 5 | while read -r nr most; do echo "$(sed -n "${nr}p" "$HEAVY" | cut -f 2): $most MB"; done
if [ "$looked" -lt 55 ] || [ "$refused" -lt 12 ]; then die "only $looked statements were looked at, of which $refused were refused"; fi
echo "ok: $looked statements under a limit of $LIMIT MB, $refused of them were refused"
