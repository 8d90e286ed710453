"""Plays a history and compares: after every step each question has the same answer with facts and without them."""

import random
import re
import time
from collections import Counter
from datetime import datetime, timedelta

from client import ConnectionLost, Session, literal
from questions import Asker

# What a statement of a history may fail with: a lock, a conflict, a row that does not fit its chunk, a transaction that has failed.
EXPECTED = {"55P03", "40001", "40P01", "23505", "23514", "25P02", "57014", "25001"}
# What does not suit the state of the world: facts under row-level security, no event that is there to be changed.
BY_KIND = {
    "refresh": {"55000"}, "maintain": {"55000"}, "unmaintain": {"55000"}, "attach": {"55000"}, "detach": {"55000"}, "erasure": {"55000", "P0002"},
    "prepare": {"55000"}, "prepared": {"42704", "55000"}, "old": {"34000", "25P01", "22008", "2201B"}, "savepoint": {"25P01"}, "rollback": {"3B001", "25P01"},
    "release": {"3B001", "25P01"}, "rights": set(), "columns": {"0A000"}, "housekeeping": {"0A000", "42P01", "42704"}, "rules": {"25006"},
    "internals": {"42883", "42501", "55000", "0A000", "22023"}, "unreadable": {"22008", "2201B", "0A000", "22023", "XX000"},
}
# Who lacks a right has no answer in either way, and a writer writes nothing.
NO_RIGHT = {"42501"}


class Failure(Exception):
    def __init__(self, what, step, detail, question=None):
        super().__init__(what)
        self.what, self.step, self.detail, self.question = what, step, detail, question


class Player:
    def __init__(self, urls, fault=None):
        self.urls, self.fault = urls, fault
        self.sessions = {}
        self.base = datetime.fromisoformat(self.session("a").value("SELECT t.base()") + ":00")
        self.posed, self.asked, self.from_facts = Counter(), Counter(), Counter()
        self.refused = Counter()
        self.kinds = Counter()
        self.fetched, self.facts_alone = {}, False

    def session(self, name):
        if name not in self.sessions:
            role = {"s": "super", "w": "facts_writer", "r": "facts_reader", "t": "facts_tenant", "p": "facts_partial"}.get(name, "owner")
            self.sessions[name] = Session(self.urls[role], name, "; SET timezone = 'UTC'")
        return self.sessions[name]

    def hypertables(self):
        return self.session("s").value("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'") == "1"

    def close(self):
        for session in self.sessions.values():
            session.close()
        self.sessions = {}

    def begin(self, world):
        self.close()
        owner = self.session("a")
        for (name,) in owner.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            owner.query(f"ROLLBACK PREPARED {literal(name)}")
        if owner.value("SELECT to_regprocedure('mrcall.unmaintain(text[])') IS NOT NULL") == "t":
            owner.must("SELECT mrcall.unmaintain('{visits}')")
        owner.must("SELECT mrcall.detach()")
        # One after the other: what goes wrong is named.
        for sql in world.statements:
            owner.must(sql)

    # Steps

    def act(self, act, step):
        if act[0] == "start":
            self.session(act[1]).start(act[2])
            return
        if act[0] in ("join", "stop"):
            session = self.session(act[1])
            if act[0] == "stop":
                time.sleep(act[3])
                self.session("s").must(f"SELECT pg_{act[2]}_backend({session.pid})")
            try:
                result = session.finish()
            except ConnectionLost:
                del self.sessions[act[1]]
                if act[0] == "join":
                    raise
                return
            if act[0] == "stop":
                # It may have come to its end before it was stopped: then whatever came next would be.
                self.sessions.pop(act[1]).close()
            self.judge(result, f"refresh of {act[1]}", step)
            return
        session = self.session(act[0])
        if act[1].startswith("COPY "):
            sql, lines = act[1].split("\n", 1)
            result = session.copy(sql, re.sub(r"@(\d+)", lambda m: str(self.base - timedelta(seconds=int(m[1]))), lines))
        else:
            result = session.query(act[1])
        if act[1].startswith("FETCH") and not result.error:
            step_rows = self.fetched
            step_rows[act[1]] = result.rows
            if len(step_rows) == 2:
                one, two = step_rows.values()
                step_rows.clear()
                if one != two:
                    raise Failure("two cursors of one snapshot differ", step, difference(one, two), "cursor")
        self.judge(result, act[1], step)

    def judge(self, result, sql, step):
        if not result.error:
            return
        code = result.error["C"]
        kind = step.kind.split()[0].rstrip(",")
        if code in EXPECTED or code in BY_KIND.get(kind, ()) or code in NO_RIGHT and (
                step.acts[-1][0] == "w" or "row-level security policy" in result.error["M"]):
            self.refused[f"{kind} {code}"] += 1
            return
        raise Failure(f"an error that nobody expects: {code} {result.error['M']}", step, f"{sql}\n{result.error.get('W', '')}")

    def play(self, world, steps, questions, seed):
        """The questions of a step are those of its number, so that they stay the same when others are left out."""
        self.fetched, self.facts_alone = {}, False
        self.begin(world)
        for number, step in steps:
            rng = random.Random(f"{seed}/{number}/ask")
            self.kinds[step.kind.split(" ")[0]] += 1
            try:
                for act in step.acts:
                    self.act(act, step)
                if self.fault and step.kind == "maintain":
                    self.fault.plant(self)
                if self.fault:
                    self.fault.after(self, step)
                if step.kind.startswith("refresh") and self.session("s").value("SELECT to_regclass('mrcall.visit') IS NOT NULL") == "t":
                    self.verify(step)
                self.compare(rng, step, questions)
            except TimeoutError:
                raise Failure("a statement does not come to an end", step, "") from None
            except ConnectionLost as lost:
                raise Failure(f"the server closed a connection: {lost}", step, "") from None

    def verify(self, step):
        result = self.session("a").query("SELECT * FROM mrcall.verify('visits', 1)")
        if result.error:
            if result.error["C"] not in EXPECTED | {"55000"}:
                raise Failure(f"verify: {result.error['C']} {result.error['M']}", step, "")
            self.refused["verify " + result.error["C"]] += 1
        elif result.rows:
            raise Failure("verify finds what differs", step, "\n".join(map(str, result.rows[:10])))

    def open(self, name):
        """Whether a session has a transaction that goes on, and is not in one that failed."""
        if name not in self.sessions:
            return False
        return not self.sessions[name].query("SAVEPOINT asking; RELEASE SAVEPOINT asking").error

    def compare(self, rng, step, questions):
        marks = (self.session("a").value("SELECT t.marks()") or "").split(",")
        asker = Asker(rng, [m for m in marks if m])
        if step.kind.startswith("old snapshot"):
            self.facts_alone = step.kind.endswith("of facts")
        if self.facts_alone and rng.random() < 0.6 and self.open("c"):
            self.session("c").query("SELECT count(*) FROM mrcall.visits")
        else:
            self.facts_alone = False
        for name, ask in (("a", True), ("b", self.open("b")), ("c", not self.facts_alone and self.open("c")), ("r", rng.random() < 0.25), ("t", rng.random() < 0.25),
                          ("p", rng.random() < 0.08)):
            if ask:
                few = questions if name == "a" else max(1, questions // 2)
                always = asker.always()
                self.ask(name, (always if name == "a" else rng.sample(always, 1)) + asker.some(few), step)
        if rng.random() < 0.3:
            self.ask_prepared(asker, step)
        if rng.random() < 0.3:
            self.look(step)
        if rng.random() < 0.06:
            self.ask_materialized(step)

    def ask(self, name, asked, step):
        session = self.session(name)
        array = "ARRAY[" + ", ".join(literal(sql) for _, sql in asked) + "]"
        result = session.query(f"SELECT nr, facts_read, with_facts, from_rows FROM t.ask({array})")
        if result.error:
            if result.error["C"] in EXPECTED:
                return
            raise Failure(f"asking as {name}: {result.error['C']} {result.error['M']}", step, str(asked))
        for nr, read, with_facts, from_rows in result.rows:
            kind, sql = asked[int(nr) - 1]
            if with_facts != from_rows:
                # A lock that only one of both waited for is no answer.
                if "55P03" in (with_facts[:5], from_rows[:5]):
                    continue
                raise Failure(f"session {name}: the answers differ", step, f"with facts: {with_facts}\nfrom rows:  {from_rows}\n"
                              + self.rows_of(session, sql), (name, sql))
            if name == "a":
                self.posed[kind] += 1
            if name == "a" and from_rows[5:6] != " ":
                self.asked[kind] += 1
                self.from_facts[kind] += int(read) > 0

    def rows_of(self, session, sql):
        said = []
        for setting in ("on", "off"):
            session.query("SAVEPOINT looking")
            session.query(f"SET mrcall.use_facts = {setting}")
            result = session.query(f"SELECT r::text FROM ({sql}) AS r ORDER BY 1")
            said.append([row[0] for row in result.rows] if not result.error else [result.error["M"]])
        session.query("SET mrcall.use_facts = on")
        return difference(*said)

    PREPARED = [
        ("SELECT * FROM mrcall.visits WHERE visitor_id = $1", "text"),
        ("SELECT * FROM mrcall.touches WHERE visitor_id = $1", "text"),
        ("SELECT * FROM mrcall.visits WHERE started_at >= $1", "timestamptz"),
        ("SELECT * FROM mrcall.visits_of(ARRAY[$1], NULL, NULL)", "text"),
        ("SELECT count(*) FROM mrcall.visits", ""),
        ("SELECT * FROM mrcall.sessionize($1, '2100-01-01')", "timestamptz"),
    ]

    def ask_prepared(self, asker, step):
        """Plans that live as long as the session, generic ones, through all that changes."""
        session = self.session("a")
        known = {row[0] for row in session.rows("SELECT name FROM pg_prepared_statements WHERE name LIKE 'asked%'")}
        nr = asker.rng.randrange(len(self.PREPARED))
        sql, kind = self.PREPARED[nr]
        digest = ("SELECT concat(count(*), ' ', md5(string_agg(r::text, e'\\n' ORDER BY r::text COLLATE \"C\"))) FROM (%s) AS r" % sql)
        if f"asked{nr}" not in known:
            types = f"({kind})" if kind else ""
            session.must(f"PREPARE asked{nr}{types} AS {digest}")
        # Somebody else's rights with the plan of the owner.
        role = asker.rng.choice(["none", "none", "facts_tenant", "facts_reader"])
        session.must(f"SET ROLE {role}")
        argument = {"text": asker.visitor, "timestamptz": asker.at, "": lambda: ""}[kind]()
        call = f"EXECUTE asked{nr}({argument})" if kind else f"EXECUTE asked{nr}"
        answers = []
        for setting, plan in (("on", "force_generic_plan"), ("off", "force_generic_plan"), ("on", "force_custom_plan"), ("off", "force_custom_plan")):
            session.must(f"SET mrcall.use_facts = {setting}; SET plan_cache_mode = {plan}")
            result = session.query(call)
            answers.append(result.error["C"] + " " + result.error["M"] if result.error else result.rows[0][0])
        session.must("RESET ROLE; SET mrcall.use_facts = on; RESET plan_cache_mode")
        if len(set(answers)) > 1 and not any(a.startswith("55P03") for a in answers):
            raise Failure("a prepared statement answers in several ways", step, f"{sql} with {argument} as {role}\n" + "\n".join(answers), ("prepared", sql))

    def ask_materialized(self, step):
        """A materialized view is filled under restrictions of its own."""
        session = self.session("a")
        session.must("BEGIN")
        result = session.query("CREATE MATERIALIZED VIEW t.kept AS SELECT * FROM mrcall.visits")
        if not result.error:
            result = session.query("SET LOCAL mrcall.use_facts = off; SELECT r::text FROM ((TABLE t.kept EXCEPT ALL SELECT * FROM mrcall.visits) "
                                   "UNION ALL (SELECT * FROM mrcall.visits EXCEPT ALL TABLE t.kept)) AS r")
            if not result.error and result.rows:
                raise Failure("a materialized view differs", step, "\n".join(row[0] for row in result.rows[:10]), "materialized")
        session.must("ROLLBACK")

    def look(self, step):
        """Nobody reads stored visits who may not read all events; freshness is there for its owner at any time."""
        result = self.session("a").query("SELECT * FROM mrcall.freshness()")
        if result.error and result.error["C"] not in EXPECTED:
            raise Failure(f"freshness: {result.error['C']} {result.error['M']}", step, "")
        for name in "rtp":
            result = self.session(name).query(
                "SELECT count(*), bool_or(row_security_active('public.website_events')), "
                "bool_or(NOT has_table_privilege('public.website_events', 'SELECT')) FROM mrcall.visit")
            if not result.error and result.rows[0][0] != "0" and "t" in result.rows[0][1:]:
                raise Failure(f"session {name} reads stored visits of rows that it may not see", step, str(result.rows))


def difference(one, two):
    one, two = [str(r) for r in one], [str(r) for r in two]
    left, right = Counter(one), Counter(two)
    lines = [f"  only with facts: {r}" for r in (left - right).elements()][:8] + [f"  only from rows:  {r}" for r in (right - left).elements()][:8]
    return "\n".join(lines)


def password_urls(owner, super_url):
    """Everybody's address: the roles have the owner's password."""
    urls = {"owner": owner, "super": super_url}
    for role in ("facts_reader", "facts_tenant", "facts_writer", "facts_partial"):
        urls[role] = f"postgresql://{role}:" + owner.split("//")[1].split(":", 1)[1]
    return urls
