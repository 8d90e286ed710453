#!/usr/bin/env bash
# The private server survives what happens to servers: kill -9, stale pid files, a port that was taken, two starts at once.
export CLUSTER=trial
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
home=$BUILD/pg$PG/cluster-$CLUSTER
[ "$TIMESCALEDB" != 0 ] || home=$home-plain
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url trial)" "$@"; }
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
others=()
tidy() {
    cluster remove >/dev/null 2>&1 || true
    for pid in "${others[@]}"; do kill "$pid" 2>/dev/null || true; done
}
trap tidy EXIT
cluster remove
is 'there is no server at first' 'not running' "$(cluster status)"

# url starts the server and prints the URI alone; what it has to say goes to the other stream.
url=$(cluster url 2>"$LOGS/server-stderr.out")
grep -qE '^postgresql://demo:[0-9a-f]{32}@127\.0\.0\.1:[0-9]+/mrcall$' <<<"$url" || die "url does not print a URI alone" "$url"
is 'url starts the server' "running on port $(cat "$home/port")" "$(cluster status)"
[ -s "$LOGS/server-stderr.out" ] || die "the making of a server is silent"
cluster new-database trial
is 'the URI works' 1 "$(db -c 'SELECT 1')"
is 'the role is an ordinary one' 'f f f' \
    "$(db -F ' ' -c 'SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user')"
is 'the server does not run as root' 1 "$([ "$(ps -o uid= -p "$(cluster pid)")" -ne 0 ] && echo 1)"
is 'only its owner reads the password' 600 "$(stat -c %a "$home/password")"
is 'nobody connects without a password' 2 "$(
    "$PGBIN/psql" -X -w "${url/:[0-9a-f]*@/@}" -c 'SELECT 1' >/dev/null 2>&1
    echo $?
)"

# kill -9 of the postmaster, with a transaction open and one that was committed a moment before.
db -c 'CREATE TABLE kept (n int)' -c 'SET synchronous_commit = on' -c 'INSERT INTO kept SELECT generate_series(1, 1000)'
db -c 'BEGIN' -c 'INSERT INTO kept VALUES (0)' -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 &
others+=($!)
sleep 0.5
kill -9 "$(cluster pid)"
is 'after kill -9 it is seen to be gone' 'not running' "$(cluster status)"
cluster start
is 'after kill -9 the data is there' '1000 500500' "$(db -F ' ' -c 'SELECT count(*), sum(n) FROM kept')"

# A stale pid file: its process is gone, or is another program by now, which has to stay alive.
cp "$home/data/postmaster.pid" "$home/pid.saved"
cluster stop
is 'stop stops' 'not running' "$(cluster status)"
cluster stop
is 'a second stop is none' 'not running' "$(cluster status)"
sleep 300 &
sleeper=$!
others+=("$sleeper")
unused=$(("$(cat /proc/sys/kernel/pid_max)" - 1))
while [ -e "/proc/$unused" ]; do unused=$((unused - 1)); done
for pid in "$sleeper" "$unused" 1 ''; do
    sed "1s/.*/$pid/" "$home/pid.saved" >"$home/data/postmaster.pid"
    is "a pid file with pid '$pid' is no server" 'not running' "$(cluster status)"
    cluster start
    is "a pid file with pid '$pid' does not keep it from starting" 1000 "$(db -c 'SELECT count(*) FROM kept')"
    cluster stop
done
kill -0 "$sleeper" || die "the process that had the server's old pid was ended"
: >"$home/data/postmaster.pid"
cluster start
is 'nor does an empty pid file' 1000 "$(db -c 'SELECT count(*) FROM kept')"

# The port of last time belongs to somebody else now.
port=$(cat "$home/port")
cluster stop
python3 -c "
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $port))
s.listen()
time.sleep(300)" &
others+=($!)
sleep 0.5
is 'with its port taken it is not running' 'not running' "$(cluster status)"
cluster start
[ "$(cat "$home/port")" != "$port" ] || die "it says that it runs on a port that another program has"
is 'it takes another port' 1000 "$(db -c 'SELECT count(*) FROM kept')"

# A running server is left alone; a start during a start waits for it or does nothing.
pid=$(cluster pid)
cluster start
is 'a second start changes nothing' "$pid" "$(cluster pid)"
cluster stop
cluster start &
first=$!
cluster start || die "of two starts at once the second failed"
wait "$first" || die "of two starts at once the first failed"
is 'two starts at once make one server' 1 "$(pgrep -cf "postgres -D $home/data")"
is 'and it works' 1000 "$(db -c 'SELECT count(*) FROM kept')"

# An unfinished initdb is begun again; remove leaves nothing.
cluster remove
[ ! -e "$home" ] || die "remove leaves $home"
mkdir -p "$home/data/base"
cluster start
is 'an unfinished cluster is made anew' "running on port $(cat "$home/port")" "$(cluster status)"
