"""An analyst's reports with psycopg 3."""

import datetime
import decimal
import zoneinfo

import psycopg
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import Json, Jsonb

from check import check, done, fails, same

ROME = zoneinfo.ZoneInfo("Europe/Rome")


def visits_by_day(db, since, until, zone):
    """Two dates are days of the zone; the column local is its wall clock."""
    rows = db.execute(
        "SELECT local, visits FROM mrcall.visitor_buckets(%s, %s, %s, %s)", (datetime.timedelta(days=1), since, until, zone)
    )
    return {local.date(): visits for local, visits in rows}


def funnel(db, since, until, steps):
    return db.execute(
        "SELECT step, visitors FROM mrcall.funnel(since => %(since)s, until => %(until)s, steps => %(steps)s)",
        {"since": since, "until": until, "steps": Jsonb(steps)},
    ).fetchall()


def main():
    notices = []
    with psycopg.connect(user="analyst", autocommit=True, row_factory=namedtuple_row) as db:
        db.add_notice_handler(notices.append)
        days = visits_by_day(db, datetime.date(2026, 5, 1), datetime.date(2026, 6, 1), "Europe/Rome")
        same("31 days", 31, len(days))
        since, until = datetime.datetime(2026, 5, 1, tzinfo=ROME), datetime.datetime(2026, 6, 1, tzinfo=ROME)
        (visits,) = db.execute(
            "SELECT count(*) FROM mrcall.visits WHERE started_at >= %s AND started_at < %s", (since, until)
        ).fetchone()
        same("the visits of May in Rome", visits, sum(days.values()))
        same("no notice", [], [n.message_primary for n in notices])

        steps = [{"step": "visit"}, {"step": "pricing", "page": "/pricing%"}]
        first, second = funnel(db, since, until, steps)
        check("a funnel narrows", first.visitors > second.visitors > 0)
        with fails("Json is sent as json, which has no function", "42883"):
            db.execute("SELECT * FROM mrcall.funnel(%s, %s, %s)", (since, until, Json(steps)))

        # Money is Decimal and adds up to the cent, in each currency and by each model.
        paid = dict(
            db.execute(
                "SELECT currency, sum(value) FROM mrcall.conversions WHERE conversion = 'payment'"
                " AND converted_at >= %s AND converted_at < %s GROUP BY 1",
                (since, until),
            ).fetchall()
        )
        check("several currencies", len(paid) > 1)
        for (model,) in db.execute("SELECT model FROM mrcall.models() WHERE additive AND model <> 'custom'").fetchall():
            credit = dict.fromkeys(paid, decimal.Decimal(0))
            for row in db.execute("SELECT * FROM mrcall.attribution(%s, %s, %s, 'payment')", (since, until, model)):
                if row.currency:
                    credit[row.currency] += row.value
            same(f"{model} shares out what was paid", paid, credit)

        only = db.execute(
            "SELECT dimension_value FROM mrcall.attribution(%s, %s, include_channels => %s)", (since, until, ["Email", "Direct"])
        ).fetchall()
        check("a list is an array", {row.dimension_value for row in only} <= {"Email", "Direct", "(unattributed)"} and only)
        with fails("a channel that there is not", "22023", 'Did you mean "Email"?'):
            db.execute("SELECT * FROM mrcall.attribution(%s, %s, include_channels => %s)", (since, until, ["email"]))
        with fails("a range that ends before it begins", "22023", "exchange them"):
            db.execute("SELECT * FROM mrcall.sessionize(%s, %s)", (until, since))

        (row, *_) = db.cursor(row_factory=dict_row).execute(
            "SELECT * FROM mrcall.call_summary('1 month', %s, %s, 'Europe/Rome') WHERE total_duration > '1 hour'",
            (datetime.date(2026, 5, 1), datetime.date(2026, 6, 1)),
        )
        check("an interval is a timedelta", row["total_duration"] > datetime.timedelta(hours=1))
        same("outcomes are a dict of all calls", row["calls"], sum(row["outcomes"].values()))
        prepared(db, since, until)
        pipelined(db)
    done("psycopg: reports")


def prepared(db, since, until):
    """psycopg prepares a statement at its fifth run; the server may plan it once for all from the eleventh on."""
    sql = "SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM mrcall.attribution(%s, %s, %s, 'signup') AS r"
    for model in ("linear", "markov"):
        answers = {db.execute(sql, (since, until, model)).fetchone()[0] for _ in range(15)}
        same(f"{model}, fifteen times", 1, len(answers))
    check("it was prepared", db.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0] > 0)


def pipelined(db):
    with db.pipeline():
        months = [db.execute("SELECT sum(calls) FROM mrcall.call_summary('1 month', %s, %s, 'UTC')",
                             (datetime.date(2026, m, 1), datetime.date(2026, m + 1, 1))) for m in (3, 4, 5)]
    total = db.execute("SELECT count(*) FROM mrcall.calls WHERE started_at >= '2026-03-01Z' AND started_at < '2026-06-01Z'").fetchone()[0]
    same("three months in one round trip", total, sum(month.fetchone()[0] for month in months))


if __name__ == "__main__":
    main()
