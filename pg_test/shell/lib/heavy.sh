# The statements of heavy.tsv, which take the time and the memory that they have: at least one for every public function. A line has its
# kind, the functions that it stands for, and the statement. Kinds: long (takes time and memory), hungry (takes memory), report, quick,
# light (no work of ours that grows with data).
# shellcheck shell=bash disable=SC2034
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
HEAVY=$ROOT/pg_test/shell/lib/heavy.tsv
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
heavy_data() { db -v rows="$1" -f "$ROOT/pg_test/shell/lib/heavy.sql"; }
functions_without_a_case() {
    db -c "SELECT DISTINCT p.proname FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'mrcall_ext' WHERE p.pronamespace = 'mrcall'::regnamespace
        AND p.proname NOT LIKE 'pg\\_%' ORDER BY 1" |
        grep -vxFf <(cut -f 2 "$HEAVY" | tr , '\n') || true
}
