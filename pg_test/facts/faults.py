"""Faults that are planted into the extension after maintain, each a way in which stored facts could go wrong: the histories must catch
every one of them. Printed by name when run."""

import random

# What readers look up to notice that a trigger is another one is brought into line with the fault.
SAME_TRIGGERS = "UPDATE mrcall_internal.fact_state SET triggers = mrcall_internal.fact_triggers(source)"


class Fault:
    """Statements of a superuser when facts begin, and after each step or refresh."""

    def __init__(self, plant=(), after=(), after_refresh=(), often=None):
        # A kind of step that shows it, for histories that have more of it.
        self.often = often
        self.planted, self.after_step, self.after_refresh = plant, after, after_refresh
        self.rng = random.Random(1)

    def plant(self, player):
        for sql in self.planted:
            player.session("s").must(sql)

    def after(self, player, step):
        refreshed = step.kind.startswith("refresh") and "block" not in step.kind
        for sql in (*self.after_step, *(self.after_refresh if refreshed else ())):
            player.session("s").query(sql)


IS_STORED = "mrcall_internal.is_stored(key text, at timestamptz, former_key text, former_at timestamptz)"


def noted(arguments, condition):
    """The condition of the triggers, but not for all rows."""
    return ("CREATE OR REPLACE FUNCTION mrcall_internal.is_stored_in_truth(key text, at timestamptz, former_key text, former_at timestamptz) "
            "RETURNS boolean LANGUAGE c STABLE AS '$libdir/mrcall_ext', 'is_stored_wrapper'",
            f"CREATE OR REPLACE FUNCTION {IS_STORED} RETURNS boolean LANGUAGE sql STABLE "
            f"AS $$ SELECT CASE WHEN {condition} THEN mrcall_internal.is_stored_in_truth({arguments}) ELSE false END $$")


def on_visit(name, when, body):
    """Something that happens to the stored visits as they are written."""
    return (f"CREATE OR REPLACE FUNCTION mrcall_internal.{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"DROP TRIGGER IF EXISTS {name} ON mrcall.visit",
            f"CREATE TRIGGER {name} BEFORE {when} ON mrcall.visit FOR EACH ROW EXECUTE FUNCTION mrcall_internal.{name}()")


FAULTS = {
    # Rows that change and are not noted.
    "no_trigger_on_delete": lambda: Fault((
        "CREATE OR REPLACE FUNCTION mrcall_internal.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "DROP TRIGGER mrcall_visits_delete ON public.website_events",
        "CREATE TRIGGER mrcall_visits_delete AFTER DELETE ON public.website_events FOR EACH ROW EXECUTE FUNCTION mrcall_internal.nothing()",
        SAME_TRIGGERS), often="deletes"),
    "former_row_not_noted": lambda: Fault(noted("key, at, NULL, NULL", "true")),
    "now_for_the_threshold": lambda: Fault(noted("key, at, former_key, former_at",
                                                 "least(at, former_at) < t.base() - interval '20 hours'")),
    "threshold_lags": lambda: Fault(after_refresh=(
        "UPDATE mrcall_internal.fact_threshold SET threshold = threshold - interval '6 hours'",)),
    # What the ledger or the stored visits lose.
    "a_ledger_row_lost": lambda: Fault(after=(
        "DELETE FROM mrcall_internal.fact_change WHERE id = (SELECT id FROM mrcall_internal.fact_change ORDER BY random() LIMIT 1)",)),
    "open_visits_forgotten": lambda: Fault(after_refresh=("DELETE FROM mrcall_internal.fact_change",)),
    "refresh_ignores_a_visitor": lambda: Fault(on_visit(
        "forgets", "INSERT OR DELETE", "IF coalesce(NEW.visitor_id, OLD.visitor_id) = 'v3' THEN RETURN NULL; END IF; RETURN coalesce(NEW, OLD);")),
    "stale_visit_no": lambda: Fault(on_visit("stale", "INSERT", "NEW.visit_no := NEW.visit_no + (NEW.visit_no > 2)::int; RETURN NEW;")),
    # What readers do not look at.
    "rules_not_looked_at": lambda: Fault((
        "CREATE OR REPLACE FUNCTION mrcall_internal.visits_epoch() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'one' $$",), often="rules"),
    "lost_chunks_not_looked_at": lambda: Fault((
        "CREATE OR REPLACE FUNCTION mrcall_internal.lost_part(parts oid[], nodes oid[]) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false'",), often="partitions"),
    "policies_not_looked_at": lambda: Fault((
        "CREATE OR REPLACE FUNCTION mrcall_internal.may_read_facts(fact text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'",)),
    "border_of_a_range": lambda: Fault((
        "CREATE OR REPLACE FUNCTION mrcall_internal.crossing_visitors(since timestamptz, until timestamptz) RETURNS TABLE (visitor_id text) "
        "LANGUAGE sql STABLE AS $$ SELECT NULL::text WHERE false $$",)),
}

if __name__ == "__main__":
    print(" ".join(FAULTS))
