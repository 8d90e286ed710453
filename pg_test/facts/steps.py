"""The generator of histories: a small world of events, and the steps that change it. A step is a kind and a list of acts:

    (session, sql)             runs it and waits
    ("start", session, sql)    starts it in a session of its own
    ("join", session)          waits for it
    ("stop", session, how, s)  cancels or terminates it after so many seconds

Sessions: a the owner, b the owner in open transactions, c a reader with an old snapshot, w a plain writer, s a superuser, k and l
others of the owner. Statements name instants by functions of world.sql, so each step stands for itself: a history can be cut."""

import json
import random

VISITORS = ["v1", "v2", "v3", "v4", "V4", "v5", "", None]
COLUMNS = "event_id, session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium, utm_campaign, user_agent"
EVENTS = "public.website_events"
PAGES = ["https://mrcall.ai/", "https://mrcall.ai/pricing", "https://mrcall.ai/p?utm_source=news&utm_medium=email", "https://mrcall.ai/é",
         "https://mrcall.ai/g?gclid=1", None, "nonsense"]
REFERRERS = [None, None, "https://www.google.com/", "https://mrcall.ai/x", "https://checkout.stripe.com/c", "https://chatgpt.com/",
             "https://partner.example/a", "https://facebook.com/"]
TAGS = [(None, None, None)] * 4 + [("google", "cpc", "spring"), ("news", "email", None), ("partner", "referral", "x"), ("", "undefined", None)]
AGENTS = ["Mozilla/5.0 (Windows NT 10.0)", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)", "Googlebot/2.1", None, ""]
EDGES = ["0", "1 us", "5 min", "30 min", "30 min 1 us", "29 min 59.999999 s"]


def text(value):
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


class Step:
    __slots__ = ("acts", "kind")

    def __init__(self, kind, acts):
        self.kind, self.acts = kind, acts

    def lines(self):
        for act in self.acts:
            if act[0] == "start":
                yield f"-- {act[1]}, not waited for:\n{act[2]};"
            elif act[0] in ("join", "stop"):
                yield f"-- {' '.join(str(part) for part in act)}"
            else:
                sql = act[1] if len(act[1]) < 3000 else act[1][:300] + "…"
                yield f"-- {act[0]}:\n{sql};"


class World:
    """What the table of events is made of."""

    def __init__(self, rng, hypertables):
        self.hyper = hypertables and rng.random() < 0.55
        self.chunk = rng.choice(["6 hours", "12 hours", "1 day"])
        self.key = rng.random() < 0.3
        # Columns that are gone, so that chunks number theirs in another way than the table.
        self.dropped = rng.random() < 0.4
        self.host_trigger = rng.random() < 0.12
        self.mapping = rng.choice([{}] * 5 + [{"visitor_id": "lower(session_id)"}, {"event_id": None},
                                              {"page_path": "lower(page_url)"}, {"visitor_id": "nullif(session_id, '')"}])
        self.statements = list(self.setup())

    def attach(self, mapping):
        columns = json.dumps({"events": {"columns": mapping}} if mapping else {})
        return f"SELECT mrcall.attach({text(columns)})"

    def setup(self):
        yield "DELETE FROM mrcall.channel_rule"
        yield "DELETE FROM mrcall.ignored_referrer WHERE domain IN ('partner.example', 'google.com')"
        yield "DROP TABLE IF EXISTS t.child"
        yield f"DROP TABLE IF EXISTS {EVENTS} CASCADE"
        gone = "gone1 int, " if self.dropped else ""
        yield (f"CREATE TABLE {EVENTS} ({gone}event_id text, session_id text, created_at timestamptz NOT NULL, event_type text NOT NULL "
               "DEFAULT 'page_view', page_url text, referrer text, utm_source text, utm_medium text, utm_campaign text, utm_term text, "
               "utm_content text, user_agent text, properties jsonb NOT NULL DEFAULT '{}'"
               + (", PRIMARY KEY (event_id, created_at)" if self.key else "") + ")")
        yield f"CREATE INDEX ON {EVENTS} (session_id, created_at)"
        yield f"CREATE INDEX events_at ON {EVENTS} (created_at)"
        if self.hyper:
            yield (f"SELECT create_hypertable('{EVENTS}', 'created_at', chunk_time_interval => interval '{self.chunk}', "
                   "create_default_indexes => false)")
        if self.dropped:
            if self.hyper:
                yield f"INSERT INTO {EVENTS} (event_id, session_id, created_at) VALUES ('e0', 'v1', t.base() - interval '20 hours')"
            yield f"ALTER TABLE {EVENTS} DROP COLUMN gone1"
        if self.host_trigger:
            yield f"CREATE TRIGGER asks_too AFTER INSERT OR UPDATE OR DELETE ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION t.asks_too()"
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {EVENTS} TO facts_writer"
        yield f"GRANT SELECT ON {EVENTS} TO facts_reader, facts_tenant"
        yield f"GRANT SELECT (event_id, session_id, created_at, event_type, page_url, referrer) ON {EVENTS} TO facts_partial"
        yield self.attach(self.mapping)


class Histories:
    def __init__(self, seed, number, hypertables=True, often=None):
        self.rng = random.Random(f"{seed}/{number}")
        self.world = World(self.rng, hypertables)
        self.often = often
        self.ids = 0
        self.b_open = self.b_written = self.c_open = False
        self.prepared = 0
        self.savepoints = 0
        self.maintained = True
        self.attached = True
        self.bulk = 0

    # Instants and rows

    def span(self, widest=86400 * 3):
        return self.rng.choice([self.rng.randint(0, widest), self.rng.randint(0, 86400)])

    def visitor(self):
        return self.rng.choice(VISITORS[:6] if self.rng.random() < 0.93 else VISITORS)

    def at(self, visitor):
        """An instant as SQL, often just on an edge: of W, of another event's gap, of a delivery's 24 hours."""
        rng = self.rng
        choice = rng.random()
        sign = rng.choice("+-")
        if choice < 0.3:
            return f"t.base() - interval '{self.span()} s'"
        if choice < 0.65:
            who = visitor if visitor and rng.random() < 0.8 else self.visitor() or "v1"
            return f"t.near({text(who)}, {rng.randint(0, 40)}) {sign} interval '{rng.choice(EDGES)}'"
        if choice < 0.85:
            return f"t.w() {sign} interval '{rng.choice(EDGES)}'"
        if choice < 0.97:
            return f"t.newest() + interval '{rng.choice(['0', '1 us', '5 min', '30 min', '31 min', '2 hours'])}'"
        return f"t.w() {sign} interval '{rng.choice(['23:59:59.999999', '24:00:00', '24:00:00.000001', '60 days'])}'"

    def row(self, visitor=None, at=None, agent=True):
        rng = self.rng
        self.ids += 1
        visitor = visitor if visitor is not None else self.visitor()
        source, medium, campaign = rng.choice(TAGS)
        event_id = f"e{self.ids}" if self.world.key or rng.random() < 0.9 else None
        if not self.world.key and rng.random() < 0.08:
            event_id = f"e{rng.randint(1, self.ids)}"
        kind = rng.choice(["page_view"] * 3 + ["click", "pageview"])
        values = [text(event_id), text(visitor), at or self.at(visitor), text(kind), text(rng.choice(PAGES)), text(rng.choice(REFERRERS)),
                  text(source), text(medium), text(campaign), text(rng.choice(AGENTS) if agent else None)]
        return f"({', '.join(values)})"

    def insert(self, rows):
        return f"INSERT INTO {EVENTS} ({COLUMNS}) VALUES\n    " + ",\n    ".join(rows)

    def one(self):
        """A condition that a row or a few fulfil."""
        rng = self.rng
        visitor = self.visitor() or "v1"
        choice = rng.random()
        if choice < 0.6:
            return f"session_id = {text(visitor)} AND created_at = t.near({text(visitor)}, {rng.randint(0, 40)})"
        if choice < 0.75:
            return f"session_id = {text(visitor)}"
        if choice < 0.85:
            return f"created_at >= t.w() - interval '{rng.choice(['1 hour', '30 min', '5 hours'])}'"
        low = self.span()
        return f"created_at >= t.base() - interval '{low} s' AND created_at < t.base() - interval '{max(0, low - 7200)} s'"

    # Statements that write events

    def write(self):
        rng = self.rng
        choice = rng.random()
        if choice < 0.16:
            visitor = self.visitor()
            ahead = rng.choice(["t.newest()", "greatest(t.newest(), t.w())"])
            return "in order", self.insert([self.row(visitor, f"{ahead} + interval '{rng.choice([0, 1, 10, 29, 30, 31, 300])} min'")
                                            for _ in range(rng.randint(1, 2))])
        if choice < 0.42:
            return "late", self.insert([self.row() for _ in range(rng.choice([1, 1, 2, 4]))])
        if choice < 0.50:
            shift = rng.choice(["1 us", "1 min", "23:59:59.999999", "24:00:00", "24:00:00.000001", "3 hours", "25 hours", "40 min"])
            visitor = self.visitor() or "v1"
            other = rng.choice(["session_id", "session_id", "session_id", text(self.visitor())])
            page = rng.choice(["page_url", "page_url", "'https://mrcall.ai/a'"])
            return "delivered again", (
                f"INSERT INTO {EVENTS} ({COLUMNS})\n    SELECT event_id, {other}, created_at {rng.choice('+-')} interval '{shift}', "
                f"event_type, {page}, referrer, utm_source, utm_medium, utm_campaign, user_agent FROM {EVENTS}\n"
                f"    WHERE session_id = {text(visitor)} ORDER BY created_at, event_id OFFSET {rng.randint(0, 5)} LIMIT {rng.randint(1, 2)}")
        if choice < 0.60:
            return "delete", f"DELETE FROM {EVENTS} WHERE {self.one()}"
        if choice < 0.68:
            visitor = self.visitor()
            return "update of time", f"UPDATE {EVENTS} SET created_at = {self.at(visitor)} WHERE {self.one()}"
        if choice < 0.72:
            shift = rng.choice(["1 us", "10 min", "30 min", "-10 min", "7 hours", "-1 us"])
            return "moved", (
                f"WITH old AS (DELETE FROM {EVENTS} WHERE {self.one()} RETURNING {COLUMNS})\n    INSERT INTO {EVENTS} ({COLUMNS}) SELECT "
                f"event_id, session_id, created_at + interval '{shift}', event_type, page_url, referrer, utm_source, utm_medium, "
                "utm_campaign, user_agent FROM old")
        if choice < 0.78:
            return "update of visitor", f"UPDATE {EVENTS} SET session_id = {text(self.visitor())} WHERE {self.one()}"
        if choice < 0.82:
            one, two = rng.sample(VISITORS[:6], 2)
            low = self.span()
            return "visitors swapped", (
                f"UPDATE {EVENTS} SET session_id = CASE session_id WHEN '{one}' THEN '{two}' ELSE '{one}' END "
                f"WHERE session_id IN ('{one}', '{two}') AND created_at >= t.base() - interval '{low} s'")
        if choice < 0.92:
            source, medium, campaign = rng.choice(TAGS)
            what = rng.choice([f"page_url = {text(rng.choice(PAGES))}", f"referrer = {text(rng.choice(REFERRERS))}",
                               f"utm_source = {text(source)}, utm_medium = {text(medium)}, utm_campaign = {text(campaign)}",
                               f"user_agent = {text(rng.choice(AGENTS))}", f"event_type = '{rng.choice(['click', 'page_view'])}'",
                               f"event_id = 'e{rng.randint(1, max(1, self.ids))}'", "session_id = session_id",
                               "properties = '{\"a\": 1}'"])
            return "update", f"UPDATE {EVENTS} SET {what} WHERE {self.one()}"
        visitor = self.visitor() or "v1"
        self.ids += 1
        return "merge", (
            f"MERGE INTO {EVENTS} AS e USING (VALUES ('e{rng.randint(1, self.ids)}', {text(visitor)})) AS n (id, v)\n    "
            f"ON e.event_id = n.id WHEN MATCHED THEN {rng.choice(['DELETE', 'UPDATE SET session_id = n.v'])}\n    "
            f"WHEN NOT MATCHED THEN INSERT (event_id, session_id, created_at) VALUES ('m{self.ids}', n.v, {self.at(visitor)})")

    def deletes(self):
        return Step("delete", [("a", f"DELETE FROM {EVENTS} WHERE {self.one()}")])

    def bulk_write(self):
        rng = self.rng
        self.bulk += 1
        name = f"x{self.bulk}-"
        hours = rng.choice([1, 30, 60])
        found = [f"INSERT INTO {EVENTS} ({COLUMNS})\n    SELECT '{name}' || n, '{name}' || n % {rng.choice([1, 700, 1300])}, "
                 f"t.base() - interval '{hours} hours' + n * interval '{rng.choice(['1 s', '40 s'])}', 'page_view', 'https://mrcall.ai/b', "
                 "NULL, NULL, NULL, NULL, NULL FROM generate_series(1, 1300) AS n"]
        if rng.random() < 0.5:
            found.append(rng.choice([f"DELETE FROM {EVENTS} WHERE event_id LIKE 'x%'",
                                     f"UPDATE {EVENTS} SET session_id = 'v1' WHERE event_id LIKE 'x%' AND session_id LIKE '%7'",
                                     f"UPDATE {EVENTS} SET session_id = session_id || 'y' WHERE event_id LIKE 'x%'"]))
        return found

    # Steps

    def preload(self):
        rows = [self.row(at=f"t.base() - interval '{self.span()} s'") for _ in range(self.rng.randint(15, 45))]
        # Whole visits, too.
        for _ in range(self.rng.randint(2, 6)):
            visitor = self.visitor()
            start = self.span()
            rows += [self.row(visitor, f"t.base() - interval '{start} s' + interval '{n * self.rng.choice([300, 1800, 1799])} s'")
                     for n in range(self.rng.randint(2, 4))]
        if self.rng.random() < 0.15:
            # A visit of more than a day.
            visitor, start = self.visitor(), self.span()
            rows += [self.row(visitor, f"t.base() - interval '{start} s' + interval '{n * 25} min'") for n in range(self.rng.randint(20, 75))]
        return Step("preload", [("a", self.insert(rows))])

    def history(self, steps):
        yield self.preload()
        yield Step("maintain", [("a", "SELECT mrcall.maintain('{visits}')")])
        if self.rng.random() < 0.9:
            yield Step("refresh", [("a", "CALL mrcall.refresh()")])
        for _ in range(steps):
            yield self.step()

    def step(self):
        rng = self.rng
        if self.often and rng.random() < 0.3:
            return getattr(self, self.often)()
        choice = rng.random()
        if choice < 0.20:
            return self.refresh()
        if choice < 0.52:
            kind, sql = self.write()
            return Step(kind, [(rng.choice("aaaw"), sql)])
        if choice < 0.70:
            return self.in_transaction()
        if choice < 0.77:
            return self.old_snapshot()
        return rng.choice([self.rules, self.rules, self.partitions, self.partitions, self.partitions, self.rights, self.rights, self.columns,
                           self.housekeeping, self.settings, self.ends, self.bulk_step, self.erasure, self.past_triggers,
                           self.unreadable])()

    def refresh(self):
        rng = self.rng
        choice = rng.random()
        if self.b_written or self.prepared:
            # Others hold locks: it may not wait for them for ever.
            return Step("refresh beside writers", [("a", "CALL mrcall.refresh('200 ms')")])
        if choice < 0.6:
            return Step("refresh", [("a", "CALL mrcall.refresh()")])
        if choice < 0.67:
            return Step("refresh, short", [("a", "CALL mrcall.refresh('1 ms')")])
        if choice < 0.77:
            return Step("refresh in a block", [("a", "BEGIN"), ("a", "CALL mrcall.refresh()"), ("a", rng.choice(["COMMIT", "COMMIT", "ROLLBACK"]))])
        if choice < 0.82:
            level = rng.choice(["repeatable read", "serializable"])
            return Step(f"refresh, {level} by default", [("a", f"SET default_transaction_isolation = '{level}'"), ("a", "CALL mrcall.refresh()"),
                                                         ("a", "RESET default_transaction_isolation")])
        if choice < 0.86:
            return Step("refresh without facts", [("a", "SET mrcall.use_facts = off"), ("a", "CALL mrcall.refresh()"),
                                                  ("a", "RESET mrcall.use_facts")])
        if choice < 0.93:
            return Step("refresh twice", [("start", "k", "CALL mrcall.refresh()"), ("start", "l", "CALL mrcall.refresh()"), ("join", "k"),
                                          ("join", "l")])
        return Step("refresh stopped", [("start", "k", "CALL mrcall.refresh()"),
                                        ("stop", "k", rng.choice(["cancel", "terminate"]), round(rng.uniform(0, 0.04), 4))])

    def in_transaction(self):
        rng = self.rng
        if not self.b_open:
            if self.prepared and rng.random() < 0.7:
                name = self.prepared
                self.prepared = 0
                return Step("prepared", [("b", f"{rng.choice(['COMMIT', 'ROLLBACK'])} PREPARED 'facts{name}'")])
            self.b_open, self.savepoints = True, 0
            level = rng.choice(["", "", "", " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE"])
            kind, sql = self.write()
            self.b_written = True
            return Step(f"begin, {kind}", [("b", "BEGIN" + level), ("b", sql)])
        choice = rng.random()
        if choice < 0.35:
            kind, sql = self.write()
            self.b_written = True
            return Step(kind + " in a transaction", [("b", sql)])
        if choice < 0.55:
            self.savepoints += 1
            self.b_written = True
            kind, sql = self.write() if rng.random() < 0.9 else ("bulk", self.bulk_write()[0])
            return Step(f"savepoint, {kind}", [("b", f"SAVEPOINT s{self.savepoints}"), ("b", sql)])
        if choice < 0.68 and self.savepoints:
            back = rng.randint(1, self.savepoints)
            self.savepoints = back
            return Step("rollback to", [("b", f"ROLLBACK TO SAVEPOINT s{back}")])
        if choice < 0.72 and self.savepoints:
            back = rng.randint(1, self.savepoints)
            self.savepoints = back - 1
            return Step("release", [("b", f"RELEASE SAVEPOINT s{back}")])
        self.b_open = self.b_written = False
        if choice < 0.84:
            return Step("commit", [("b", "COMMIT")])
        if choice < 0.93 or self.prepared:
            return Step("rollback", [("b", "ROLLBACK")])
        self.prepared = rng.randint(1, 1 << 30)
        return Step("prepare", [("b", f"PREPARE TRANSACTION 'facts{self.prepared}'")])

    def old_snapshot(self):
        rng = self.rng
        if self.c_open:
            self.c_open = False
            return Step("old snapshot ends", [("c", "FETCH ALL FROM with_facts"), ("c", "FETCH ALL FROM from_rows"), ("c", "COMMIT")])
        self.c_open = True
        level = rng.choice(["REPEATABLE READ READ ONLY", "REPEATABLE READ", "SERIALIZABLE, READ ONLY, DEFERRABLE", "REPEATABLE READ READ ONLY"])
        acts = [("c", f"BEGIN ISOLATION LEVEL {level}")]
        if rng.random() < 0.35:
            # Rows are not asked for a while: facts lock no chunk, so that some may go.
            return Step("old snapshot of facts", acts + [("c", "SELECT count(*) FROM mrcall.visits"), ("c", "SELECT count(*) FROM mrcall.touches")])
        if rng.random() < 0.5:
            # A snapshot and no lock.
            acts.append(("c", "SELECT count(*) FROM pg_class"))
        else:
            view = rng.choice(["visits", "touches"])
            acts += [("c", "SET LOCAL mrcall.use_facts = on"),
                     ("c", f"DECLARE with_facts CURSOR FOR SELECT * FROM mrcall.{view} AS v ORDER BY v::text COLLATE \"C\""),
                     ("c", "SET LOCAL mrcall.use_facts = off"),
                     ("c", f"DECLARE from_rows CURSOR FOR SELECT * FROM mrcall.{view} AS v ORDER BY v::text COLLATE \"C\""),
                     ("c", "SET LOCAL mrcall.use_facts = on")]
        return Step("old snapshot", acts)

    def wrapped(self, sql):
        """A statement as it is, or in a transaction that ends well or badly."""
        choice = self.rng.random()
        if choice < 0.6:
            return [("a", sql)]
        if choice < 0.8:
            return [("a", "BEGIN"), ("a", sql), ("a", "ROLLBACK")]
        kind, more = self.write()
        return [("a", "BEGIN"), ("a", sql), ("a", more), ("a", "COMMIT")]

    def rules(self):
        rng = self.rng
        sql = rng.choice([
            f"INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES ({rng.randint(1, 900)}, 'Own', '{rng.choice(['google', '^$', 'news'])}')",
            "INSERT INTO mrcall.channel_rule (position, channel, referrer_pattern) "
            f"VALUES ({rng.randint(1, 900)}, 'Partners', '{rng.choice(['partner', 'google'])}')",
            "UPDATE mrcall.channel_rule SET channel = 'Renamed'", "DELETE FROM mrcall.channel_rule",
            "INSERT INTO mrcall.ignored_referrer (domain) VALUES ('partner.example') ON CONFLICT DO NOTHING",
            "INSERT INTO mrcall.ignored_referrer (domain) VALUES ('google.com') ON CONFLICT DO NOTHING",
            "DELETE FROM mrcall.ignored_referrer WHERE domain IN ('partner.example', 'google.com')",
            "UPDATE mrcall.ignored_referrer SET ignored = NOT ignored WHERE domain = 'checkout.stripe.com'", "TRUNCATE mrcall.channel_rule"])
        return Step("rules", self.wrapped(sql))

    def partitions(self):
        rng = self.rng
        if not self.world.hyper:
            return Step("truncate", self.wrapped(f"TRUNCATE {EVENTS}")) if rng.random() < 0.3 else self.bulk_step()
        choice = rng.random()
        visitor = self.visitor() or "v1"
        at = self.at(visitor)
        if choice < 0.5:
            row = f"INSERT INTO %1$s (event_id, session_id, created_at, referrer) VALUES (''d{self.ids}'', ''{visitor}'', %2$s, ''https://www.google.com/'')"
            sql = rng.choice([row, row, f"DELETE FROM %1$s WHERE session_id = ''{visitor}''",
                              f"UPDATE %1$s SET session_id = ''v1'' WHERE session_id = ''{visitor}''",
                              "UPDATE %1$s SET event_type = ''click''"])
            self.ids += 1
            return Step("past the hypertable", self.wrapped(f"SELECT t.in_chunk('{sql}', {at})"))
        if choice < 0.6:
            return Step("chunk truncated", self.wrapped(f"SELECT t.in_chunk('TRUNCATE %1$s', {at})"))
        if choice < 0.9:
            return Step("drop_chunks", self.wrapped(f"SELECT drop_chunks('{EVENTS}', older_than => {at})"))
        return Step("truncate", self.wrapped(f"TRUNCATE {EVENTS}"))

    def rights(self):
        rng = self.rng
        policy = rng.choice(["session_id <> 'v2'", "created_at < t.base() - interval '1 day'", "referrer IS NULL", "session_id = current_user"])
        sql = rng.choice([
            f"ALTER TABLE {EVENTS} ENABLE ROW LEVEL SECURITY; DROP POLICY IF EXISTS p ON {EVENTS}; CREATE POLICY p ON {EVENTS} USING ({policy})",
            f"ALTER TABLE {EVENTS} ENABLE ROW LEVEL SECURITY; DROP POLICY IF EXISTS p ON {EVENTS}; CREATE POLICY p ON {EVENTS} TO facts_tenant USING ({policy})",
            f"ALTER TABLE {EVENTS} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {EVENTS} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {EVENTS} FORCE ROW LEVEL SECURITY", f"ALTER TABLE {EVENTS} NO FORCE ROW LEVEL SECURITY",
            f"REVOKE SELECT ON {EVENTS} FROM facts_reader", f"GRANT SELECT ON {EVENTS} TO facts_reader"])
        return Step("rights", self.wrapped(sql))

    def columns(self):
        rng = self.rng
        name = f"extra{rng.randint(1, 3)}"
        sql = rng.choice([f"ALTER TABLE {EVENTS} ADD COLUMN IF NOT EXISTS {name} int", f"ALTER TABLE {EVENTS} DROP COLUMN IF EXISTS {name}",
                          f"ALTER TABLE {EVENTS} ADD COLUMN IF NOT EXISTS {name} text DEFAULT 'x'",
                          f"ALTER TABLE {EVENTS} DROP COLUMN IF EXISTS {name}",
                          f"ALTER TABLE {EVENTS} RENAME COLUMN properties TO more; ALTER TABLE {EVENTS} RENAME COLUMN more TO properties"])
        return Step("columns", self.wrapped(sql))

    def housekeeping(self):
        return Step("housekeeping", [("a", self.rng.choice([
            f"VACUUM FULL {EVENTS}", f"VACUUM {EVENTS}", f"ANALYZE {EVENTS}", f"REINDEX TABLE {EVENTS}", f"CLUSTER {EVENTS} USING events_at",
            "ANALYZE mrcall.visit", "VACUUM FULL mrcall.visit"]))])

    def settings(self):
        return Step("settings", [("a", self.rng.choice([
            "SET timezone = 'America/New_York'", "SET timezone = 'UTC'", "SET search_path = t, public", "RESET search_path",
            "SET enable_indexscan = off; SET enable_bitmapscan = off", "SET enable_seqscan = off", "RESET enable_seqscan", "DISCARD PLANS",
            "SET plan_cache_mode = force_generic_plan", "SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0",
            "SET datestyle = 'German'; SET intervalstyle = 'iso_8601'", "SET mrcall.use_facts = on"]))])

    def ends(self):
        """Facts end and begin again; the mapping changes."""
        rng = self.rng
        choice = rng.random()
        if self.prepared or self.b_open:
            return self.settings()
        if choice < 0.35:
            return Step("unmaintain", [("a", "SELECT mrcall.unmaintain('{visits}')"), ("a", "SELECT mrcall.maintain('{visits}')")])
        if choice < 0.5:
            return Step("maintain again", self.wrapped("SELECT mrcall.maintain('{visits}')"))
        if choice < 0.6:
            return Step("unmaintain, not for good", [("a", "BEGIN"), ("a", "SELECT mrcall.unmaintain('{visits}')"), ("a", self.write()[1]),
                                                     ("a", "ROLLBACK")])
        mapping = rng.choice([{}, {"visitor_id": "upper(session_id)"}, {"event_id": None}, self.world.mapping])
        if choice < 0.8:
            return Step("attach", self.wrapped(self.world.attach(mapping)))
        return Step("detach", [("a", "SELECT mrcall.detach()"), ("a", self.write()[1]), ("a", self.world.attach(mapping)),
                               ("a", "SELECT mrcall.maintain('{visits}')")])

    def bulk_step(self):
        if self.rng.random() < 0.3:
            # @n stands for so many seconds before the base.
            self.bulk += 1
            lines = "".join(f"y{self.bulk}-{n}\ty{n % 1100}\t@{n * 131 % 170000}\n" for n in range(1500))
            return Step("copy", [("a", f"COPY {EVENTS} (event_id, session_id, created_at) FROM STDIN\n{lines}")])
        return Step("bulk", [("a", sql) for sql in self.bulk_write()])

    def erasure(self):
        rng = self.rng
        customer = f"c{rng.randint(1, 5)}"
        sql = rng.choice([f"SELECT mrcall.forget('{customer}')", f"SELECT mrcall.forget('{customer}')",
                          f"SELECT mrcall.link_visitor('{customer}', 'visitor-{rng.randint(1, 9)}')",
                          "CALL mrcall.apply_session_retention(false)"])
        return Step("erasure", self.wrapped(sql) if "CALL" not in sql else [("a", sql)])

    def unreadable(self):
        """What no report can read: it raises there, and there alone."""
        rng = self.rng
        self.ids += 1
        sql = rng.choice([
            self.insert([self.row(at=rng.choice(["'infinity'", "'-infinity'"]))]),
            f"DELETE FROM {EVENTS} WHERE NOT isfinite(created_at)", f"DELETE FROM {EVENTS} WHERE NOT isfinite(created_at)",
            "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1000, 'Broken', '(')",
            "DELETE FROM mrcall.channel_rule"])
        return Step("unreadable", [("a", sql)])

    def past_triggers(self):
        """What triggers of an ordinary table see only if they are made for it, and a writer who calls what is none of his."""
        kind, sql = self.write()
        if self.rng.random() < 0.35:
            return Step("internals by hand", [
                ("w", "BEGIN"), ("w", self.insert([self.row("v1", "t.newest()")])),
                ("w", self.rng.choice(["SELECT mrcall_internal.is_stored('v2', '2000-01-01', NULL, NULL)",
                                       "SELECT count(*) FROM mrcall_internal.noted_changes()", "SELECT mrcall_internal.forget_written()"])),
                ("w", self.insert([self.row()]) + self.rng.choice([" RETURNING (SELECT count(*) FROM mrcall_internal.noted_changes())", ""])),
                ("w", "COMMIT"), ("w", "ROLLBACK")])
        if self.world.hyper:
            return Step(kind, [("a", sql)])
        return Step("as a replica", [("s", "SET session_replication_role = replica"), ("s", sql), ("s", "RESET session_replication_role")])
