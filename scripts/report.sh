#!/usr/bin/env bash
# Draws the reports of a database into one file that needs nothing else: build/report.html.
# usage: report.sh     URL=postgresql://… (default: the demo)  SINCE=2026-03-01 UNTIL=2026-05-31  ZONE=Europe/Rome  OUT=report.html
#        FUNNEL='[{"step": "shop", "page": "/shop%"}, {"step": "order", "event": "order"}]'
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
URL=${URL:-} OUT=${OUT:-$BUILD/report.html}
for day in SINCE UNTIL; do
    [ -z "${!day:-}" ] || date -u -d "${!day}" >/dev/null 2>&1 || die "$day=${!day} is no day" "example: make report $day=2026-05-31"
done
[ -n "$URL" ] || "$ROOT/scripts/demo.sh" --only-data
[ -n "$URL" ] || URL=$("$ROOT/scripts/cluster.sh" url)
"$ROOT/scripts/setup.sh" report
PSQL=$PGBIN/psql
[ -x "$PSQL" ] || PSQL=$(command -v psql) || die "there is no psql" "run: make setup"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ask() { "$PSQL" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
there=$(ask -c "SELECT pg_catalog.to_regclass('mrcall.events') IS NOT NULL") || die "the database cannot be asked" "URL=$(sed -E 's#(://[^:/@]*):[^@]*@#\1:…@#' <<<"$URL")"
[ "$there" = t ] || die "the extension is not in that database, or not attached" "there: CREATE EXTENSION mrcall_ext; SELECT mrcall.attach();"

# The steps of MrCall's own website.
FUNNEL=${FUNNEL:-'[{"step": "any visit"}, {"step": "pricing", "page": "/pricing%"},
    {"step": "call to action", "event": "cta_click"}, {"step": "sign-up click", "event": "signup_click"}]'}
ask -v zone="${ZONE:-UTC}" -v since="${SINCE:-}" -v until="${UNTIL:-}" -v funnel="$FUNNEL" -f "$ROOT/report/report.sql" >"$work/rows" || exit 1
PATH=$(cat "$BUILD/report/node"):$PATH NODE_PATH=$BUILD/report/node_modules node "$ROOT/report/main.mjs" <"$work/rows" >"$work/page"
mkdir -p "$(dirname "$OUT")" && mv "$work/page" "$OUT"
say "==> ${OUT#"$ROOT"/}"
