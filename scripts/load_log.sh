#!/usr/bin/env bash
# Loads a web server's log in the Combined Log Format (plain or .gz) as visitor events of the reference schema.
# usage: load_log.sh LOGFILE URL     LOG_HOST=example.org names the site where the log's own referrers do not tell
# What becomes of a line, and which lines are refused, is at the top of sql/demo/load_log.sql.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
[ $# = 2 ] || die "load_log.sh wants a log and a database" "usage: scripts/load_log.sh access.log[.gz] postgresql://…"
LOG_FILE=$1
URL=$2
LOG_HOST=${LOG_HOST:-}
# Servers limit a request to some kilobytes; this only bounds what one line may cost.
LONGEST=16777216

[[ $LOG_HOST =~ ^((https?://)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?)?$ ]] ||
    die "LOG_HOST=$LOG_HOST is no host" "example: LOG_HOST=www.example.org or LOG_HOST=http://localhost:8080"
[ ! -d "$LOG_FILE" ] || die "$LOG_FILE is a folder, not a log"
[ -r "$LOG_FILE" ] || die "the log file $LOG_FILE cannot be read"
exec 3<"$LOG_FILE"

work=$(mktemp -d)
ticker=
finish() {
    [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Says every second (every fifteen in a log) that it is still at work, from the third second on.
tick() {
    local second=0
    while sleep 1 >/dev/null 2>&1; do
        second=$((second + 1))
        if [ "$second" -gt 2 ] && [ -t 1 ]; then
            printf '\r    … %d s ' "$second"
        elif [ $((second % 15)) = 3 ]; then
            printf '    … loading %s, %d s\n' "${LOG_FILE##*/}" "$second"
        fi
    done
}

# Numbered lines without control characters (what they stood for: \001), then a mark that this was all of them.
# gzip passes on what is not compressed; it exits with 2 when it only warns.
lines() {
    { gzip -cdf <&3 || [ $? = 2 ]; } | LC_ALL=C tr '\000-\011\013-\037\177' '[\001*]' |
        LC_ALL=C cut -b "-$((LONGEST + 1))" | cat -n && printf -- '-1\t\n'
}

tick &
ticker=$!
status=0
{ lines || true; } 2>"$work/read" | "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -v log_name="${LOG_FILE##*/}" \
    -v log_host="$LOG_HOST" -v longest="$LONGEST" -f "$ROOT/sql/demo/load_log.sql" "$URL" >"$work/out" 2>"$work/error" || status=$?
kill "$ticker" 2>/dev/null || true
wait "$ticker" 2>/dev/null || true
ticker=
[ ! -t 1 ] || printf '\r                    \r'
cat "$work/read" >&2
if [ "$status" != 0 ]; then
    mapfile -t message < <(sed -E 's/^psql:[^ ]*: //; s/^(ERROR|HINT|DETAIL):  //' "$work/error")
    die "${message[0]:-the log was not loaded (psql: exit $status)}" "${message[@]:1}"
fi
cat "$work/out"
