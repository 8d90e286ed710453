#!/usr/bin/env bash
# Models over paths that would run for long answer statement_timeout at once, with the server's own error and nothing else.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
OUT=$LOGS/cancel_paths.out
db() { PGOPTIONS="-c client_min_messages=warning" "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" "$@"; }

# Two thousand channels that follow one another in every way, and twenty; and very many paths.
db -c 'DROP TABLE IF EXISTS public.cancel_paths' -c "CREATE TABLE public.cancel_paths AS
    SELECT c AS channels, mrcall.path_agg(ARRAY[(n * 7919 % c)::text, (n * 7 % (c - 1))::text, (n * 1299709 % (c + 1))::text,
                                                (n * 13 % (c - 3))::text], n % 3, 0, 1) AS s
    FROM unnest('{19,2000}'::int[]) AS c, generate_series(1, 20000::bigint) AS n GROUP BY c
    UNION ALL SELECT 1, mrcall.path_agg(ARRAY[n::text, 'last'], n, n / 7.0, 0) FROM generate_series(1, 800000::bigint) AS n"
set_of() { echo "(SELECT s FROM public.cancel_paths WHERE channels = $1)"; }
declare -A query
query[paths]="SELECT count(*) FROM mrcall.paths($(set_of 1))"
query[markov]="SELECT count(*) FROM mrcall.markov($(set_of 2000))"
query[shapley]="SELECT count(*) FROM mrcall.shapley($(set_of 2000), 'rate', 1000000)"
query[interval]="SELECT count(*) FROM mrcall.path_interval($(set_of 2000), 'linear', replicates => 30000)"
query[interval_rate]="SELECT count(*) FROM mrcall.path_interval($(set_of 19), 'shapley', game => 'rate')"

for what in paths markov shapley interval interval_rate; do
    best=
    for _ in 1 2 3; do
        started=$(date +%s%3N)
        db -c "SET statement_timeout = '50ms'" -c "${query[$what]}" >"$OUT" 2>&1 && die "$what: ended by itself"
        took=$(($(date +%s%3N) - started))
        grep -q '57014' "$OUT" || die "$what: did not end with 57014" "$(cat "$OUT")"
        ! grep -qiE 'panic|backtrace|\.rs:[0-9]' "$OUT" || die "$what: the error shows the inside of the extension"
        [ -z "$best" ] || [ "$took" -lt "$best" ] && best=$took
    done
    echo "$what: statement_timeout of 50 ms answered after $best ms, connecting included"
    # Each of them alone runs for seconds.
    [ "$best" -lt 700 ] || die "$what: too late, after $best ms"
done

# The session goes on, and nothing is held.
[ "$(db -c "SET statement_timeout = '50ms'" -c "${query[markov]}" -c 'RESET statement_timeout' \
    -c "SELECT count(*) FROM mrcall.shapley($(set_of 2000))" 2>/dev/null)" = 2001 ] ||
    die "after a cancel the session does not go on as it should"
db -c 'DROP TABLE public.cancel_paths'
