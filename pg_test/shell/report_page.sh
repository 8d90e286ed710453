#!/usr/bin/env bash
# The page that make report writes, as Chromium shows it: every picture has marks that are as large as the rows that its statement gives,
# labels that can be read and do not overlap on a phone and on a screen, light and dark; names from outside do no harm; whoever may read
# the reports can draw them. Screenshots stay in build/report-shots.
set -euo pipefail
ROOT=${ROOT:?} PGBIN=${PGBIN:?} BUILD=${BUILD:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*" && failed=1; }
unset LOG UNTIL SINCE ZONE FUNNEL OUT

"$ROOT/scripts/setup.sh" chromium >"$work/setup" 2>&1 || cat "$work/setup"
if [ ! -x "$BUILD/chromium/run" ]; then
    echo "no Chromium on this machine, and no package of it"
    exit 77
fi
"$ROOT/scripts/setup.sh" report >"$work/setup" 2>&1 || { cat "$work/setup" && exit 1; }
PATH=$(cat "$BUILD/report/node"):$PATH
export NODE_PATH=$BUILD/report/node_modules PSQL=$PGBIN/psql

"$ROOT/scripts/cluster.sh" new-database report
owner=$("$ROOT/scripts/cluster.sh" url report)
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$owner" "$@"; }
report() { # file, settings…
    env URL="$owner" OUT="$work/$1" "${@:2}" "$ROOT/scripts/report.sh" >"$work/$1.said" 2>&1
}
look() { # file, views, folder
    URL=${asked:-$owner} VIEWS=$2 node "$ROOT/report/check.mjs" "$BUILD/chromium/run" "$work/$1" "${3:-}"
}

# A database without the extension, then one without a row.
! report none.html || fail "a report without the extension"
grep -q 'CREATE EXTENSION mrcall_ext' "$work/none.html.said" || { cat "$work/none.html.said" && fail "no way is shown to one who lacks the extension"; }
db -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c "SELECT mrcall.attach()" >/dev/null
report empty.html || { cat "$work/empty.html.said" && fail "a report of nothing"; }
EMPTY=1 look empty.html phone >"$work/empty" || { cat "$work/empty" && fail "the page of an empty database"; }
[ "$(grep -c 'Nothing in this period' "$work/empty.html")" -ge 6 ] || fail "an empty database does not say that it is empty"
db -c 'DROP EXTENSION mrcall_ext CASCADE' -c 'DROP SCHEMA mrcall, mrcall_internal CASCADE' 2>/dev/null

# Data, and in them names as nobody should choose them.
db -v visitors=1500 -f "$ROOT/sql/demo/generate.sql" >/dev/null
db -f "$ROOT/sql/demo/install.sql"
db <<'SQL' >/dev/null
INSERT INTO mrcall.channel_rule (position, channel, source_pattern)
VALUES (10, '</title></text><svg onload="document.title = 1">Search & more, a name of many words that no label has room for', '^google$');
INSERT INTO public.business (business_id, subscription_status, created_at)
SELECT n || '"><img src=x onerror=document.title=1> </svg>', 'past_due', '2026-04-01' FROM generate_series(1, 3) AS n;
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT format('hostile-%s-%s', b.business_id, n), b.business_id, timestamptz '2026-05-31 20:00Z' - n * interval '1 hour', '{"answered": true}'
FROM public.business AS b CROSS JOIN generate_series(1, 500) AS n WHERE b.business_id LIKE '%onerror%';
SQL
report page.html || { cat "$work/page.html.said" && fail "the report"; }
grep -q '2026-03-02 to 2026-05-31: 9 pictures, .* totals that agree$' "$work/page.html.said" || { cat "$work/page.html.said" && fail "what is said of the report"; }
rm -rf "$BUILD/report-shots"
look page.html '' "$BUILD/report-shots" | tee "$work/looked" || fail "the page"
grep -q '^54 figures in 6 views looked at' "$work/looked" || fail "not every picture in every view"
[ "$(wc -c <"$work/page.html")" -lt 1500000 ] || fail "the page is too large to be sent"
! grep -nE '<script|<img|<link|<iframe|https?://[^w]|url\(|@import' "$work/page.html" || fail "the page is not self-contained"
[ -s "$BUILD/report-shots/report.pdf" ] || fail "the page does not print"

# Another period and zone, in days and in months, with other steps.
report days.html SINCE=2026-03-25 UNTIL=2026-04-02 ZONE=Europe/Rome 'FUNNEL=[{"step": "home", "page": "/"}, {"step": "chat <b>", "event": "chat_open"}]' ||
    { cat "$work/days.html.said" && fail "a report of days"; }
ZONE=Europe/Rome look days.html phone,wide >"$work/looked" || { cat "$work/looked" && fail "the page of days"; }
grep -q '9 days, days of Europe/Rome' "$work/days.html" || fail "the days of the zone"
report months.html SINCE=2025-06-01 || { cat "$work/months.html.said" && fail "a report of months"; }
look months.html phone >"$work/looked" || { cat "$work/looked" && fail "the page of months"; }
! report bad.html SINCE=2026-06-01 UNTIL=2026-05-01 || fail "a range that ends before it begins"
! report bad.html SINCE=yesteryear || fail "a day that is none"

# Someone who may only read.
super=$("$ROOT/scripts/cluster.sh" super-url report)
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super" -c 'SET client_min_messages = warning' \
    -c "DO \$\$BEGIN CREATE ROLE report_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END\$\$" -c "ALTER ROLE report_reader PASSWORD 'reader'"
db -c "SELECT mrcall.grant_read('report_reader')" >/dev/null
reader=$(sed -E 's#://[^@]*@#://report_reader:reader@#' <<<"$owner")
report reader.html URL="$reader" || { cat "$work/reader.html.said" && fail "a reader's report"; }
diff <(sed 's/Made on [^(]*//' "$work/page.html") <(sed 's/Made on [^(]*//' "$work/reader.html") >"$work/diff" || { head -c 500 "$work/diff" && fail "a reader sees something else"; }
! grep -q 'reader@' "$work/reader.html" || fail "the page shows an address with a password"

# What would be wrong is found: marks, rows, labels, overflow, scripts and what lies elsewhere.
wrong() { # what, sed's expression
    sed -E "$2" "$work/page.html" >"$work/wrong.html"
    ! cmp -s "$work/page.html" "$work/wrong.html" || fail "no page is made that is wrong: $1"
    ! look wrong.html phone >"$work/looked" 2>&1 || fail "nobody notices: $1"
    grep -qE "$3" "$work/looked" || { head -n 3 "$work/looked" && fail "noticed for another reason: $1"; }
}
wrong 'a row that the statement does not give' 's#(<td>Direct</td><td class="figure">)[0-9]+#\1999#' 'gives other rows'
wrong 'a mark of another size' '/id="funnel"/,/<\/figure>/ s#( class="mark"[^>]*data-value=")([0-9]+)"#\11\2"#' 'a mark says'
wrong 'labels that are too small' 's/font-size:12px/font-size:9px/' 'has [0-9.]+ pixels'
wrong 'labels that overlap' 's#(text-anchor="middle"[^>]*translate\()[0-9.]+ #\1100 #' 'overlap'
wrong 'a page that is too wide' 's#<h1>#<h1 style="width: 500px">#' 'pixels wide'
wrong 'something from elsewhere' 's#<h1>#<img src="http://127.0.0.1:9/x.png"><h1>#' 'asks for|violates'
wrong 'a script' 's#<h1>#<script>nothing()</script><h1>#' 'script|error'
exit "$failed"
