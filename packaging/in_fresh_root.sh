#!/usr/bin/env bash
# Run by release_test.sh in a Debian root with the distribution's server and nothing of ours: installs the package, uses it as an
# ordinary role, purges it. The function demo stands before it.
set -euo pipefail
export LC_ALL=C.UTF-8
cd /try
chmod -R a+rX /try
package=postgresql-$PG-mrcall-ext
fail() { echo "FAILED: $*" && exit 1; }
# Every file but the data's, the package manager's own books and what is mounted.
files() {
    find / -xdev \( -path /proc -o -path /dev -o -path /sys -o -path /tmp -o -path /try -o -path /opt -o -path /var/lib/postgresql -o -path /var/log \
        -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt -o -path /run \) -prune -o -printf '%p %y %l\n' | sort
}
as_postgres() { runuser -u postgres -- "$@"; }
files >/tmp/before

dpkg -i /try/"$package"*.deb
pg_lsclusters -h | grep -q . || pg_createcluster "$PG" main
pg_ctlcluster "$PG" main start
as_postgres psql -X -q -c "CREATE ROLE demo LOGIN PASSWORD 'demo'" -c 'CREATE DATABASE mrcall OWNER demo'
port=$(pg_lsclusters -h | awk '{ print $3; exit }')
url=postgresql://demo:demo@127.0.0.1:$port/mrcall
ask() { psql -X -q -At -v ON_ERROR_STOP=1 "$url" "$@"; }
[ "$(ask -c 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')" = f ] || fail "the role is a superuser"
demo psql "$url" >/try/report || fail "the demo"
[ "$(ask -c "SELECT extversion FROM pg_extension WHERE extname = 'mrcall_ext'")" = "$(ask -c 'SELECT mrcall.version()')" ] || fail "the version"
echo "ok: PostgreSQL $PG: the package installs, and an ordinary role creates the extension and reads the demo's report"
grep -q '✗' /try/report && fail "figures that differ"
[ -s "/usr/share/doc/$package/copyright" ] || fail "no copyright"

ask -c 'SELECT mrcall.detach()' -c 'DROP EXTENSION mrcall_ext CASCADE' -c 'DROP SCHEMA mrcall, mrcall_internal CASCADE' >/dev/null 2>&1 || fail "out of the database"
apt-get purge -y "$package"
ask -c 'SELECT 1' >/dev/null || fail "the server does not outlive the purge"
[ "$(ask -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'mrcall_ext'")" = 0 ] || fail "the server still offers the extension"
pg_ctlcluster "$PG" main stop -m fast
files >/tmp/after
diff /tmp/before /tmp/after || fail "the purge leaves files, or takes others with it"
echo "ok: PostgreSQL $PG: after the purge nothing is left"
