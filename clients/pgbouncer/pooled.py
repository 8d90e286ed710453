"""Services behind PgBouncer in transaction mode: each transaction may be on another connection of the server."""

import concurrent.futures
import datetime
import os
import pathlib
import sys
import time
import uuid

import psycopg

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
from check import check, done, fails, same  # noqa: E402

# Prepared statements belong to a connection of the server: off, unless the pooler keeps count of them (from 1.21 on).
POOLED = {"port": os.environ["POOL_PORT"], "prepare_threshold": None}
MAY = (datetime.date(2026, 5, 1), datetime.date(2026, 6, 1))
REPORT = "SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM mrcall.visitor_buckets('1 day', %s, %s, 'Europe/Rome', 'channel') AS r"


LOADED = "SELECT mrcall.is_bot('')"


def connect(user, **more):
    return psycopg.connect(user=user, **POOLED, **more)


def ask(_):
    with connect("analyst", autocommit=True) as db:
        return [(db.execute(REPORT, MAY).fetchone()[0], db.execute("SELECT pg_backend_pid()").fetchone()[0]) for _ in range(6)]


def reports():
    with psycopg.connect(user="analyst") as straight:
        wanted = straight.execute(REPORT, MAY).fetchone()[0]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        answers = [answer for one in clients.map(ask, range(8)) for answer in one]
    same("48 answers to 8 clients", {wanted}, {answer for answer, _ in answers})
    check("over three connections at most", len({pid for _, pid in answers}) <= 3)


def sign_up():
    customer, browser = f"customer-{uuid.uuid4()}", f"sid-{uuid.uuid4()}"
    with connect("starchat") as db:
        with db.transaction():
            db.execute("INSERT INTO public.customers_registry (id, created_at) VALUES (%s, now())", (customer,))
            # A savepoint: a link that fails does not end the sign-up.
            with fails("a browser's nonsense", "22023"), db.transaction():
                db.execute("SELECT mrcall.link_visitor(%s, %s)", (customer, "?"))
            db.execute("SELECT mrcall.link_visitor(%s, %s)", (customer, browser))
        (document,) = db.execute("SELECT document FROM public.customers_registry WHERE id = %s", (customer,)).fetchone()
    same("the browser is linked", [browser], document["website_session_ids"])


def settings():
    """A SET stays with the connection of the server: whoever gets that next has it. SET LOCAL ends with the transaction."""
    show = "SELECT current_setting('mrcall.longest_call')"
    with connect("analyst", autocommit=True) as db:
        db.execute(LOADED)
        usual = db.execute(show).fetchone()[0]
        with db.transaction():
            db.execute("SET LOCAL mrcall.longest_call = '3 h'")
            local = db.execute(show).fetchone()[0]
        check(f"within the transaction it is set: {usual}, {local}", local != usual)
        same("behind it, it is not", {usual}, {db.execute(show).fetchone()[0] for _ in range(10)})
    with psycopg.connect(user="analyst", autocommit=True) as db:
        # The server believes a role that a setting is its own to keep once the library is loaded, which any function does.
        db.execute(LOADED)
        db.execute("ALTER ROLE analyst IN DATABASE clients SET mrcall.longest_call = '3 h'")
        with psycopg.connect(user="analyst") as straight:
            straight.execute(LOADED)
            same("a role's own setting is every connection's", local, straight.execute(show).fetchone()[0])
        db.execute("ALTER ROLE analyst IN DATABASE clients RESET ALL")


def retention():
    """It commits after each batch, so it is called outside of transactions; each of them keeps its connection."""
    with connect("demo", autocommit=True) as db:
        with db.transaction():
            business, calls = db.execute(
                "SELECT business_id, count(*) FROM public.sessions WHERE business_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
            ).fetchone()
            db.execute("DELETE FROM public.session_retention_policies")
            db.execute("INSERT INTO public.session_retention_policies (business_id, archive_after_days) VALUES (%s, 1)", (business,))
        due = db.execute("CALL mrcall.apply_session_retention()").fetchone()
        same("a dry run says what is due, and does nothing", (0, 0, 0, calls, 0), tuple(due))
        archived, deleted, _, left, _ = db.execute("CALL mrcall.apply_session_retention(false, 10)").fetchone()
        same("all of it, in many transactions", (calls, 0, 0), (archived, deleted, left))
        check(f"several batches: {calls}", calls > 30)
        (kept,) = db.execute("SELECT count(*) FROM mrcall.calls WHERE business_id = %s", (business,)).fetchone()
        same("archived calls count", calls, kept)


def main():
    for wait in range(50):
        try:
            connect("analyst").close()
            break
        except psycopg.OperationalError:
            if wait == 49:
                raise
            time.sleep(0.1)
    reports()
    sign_up()
    settings()
    retention()
    done("PgBouncer: reports, sign-ups, settings and retention in transaction mode")


if __name__ == "__main__":
    main()
