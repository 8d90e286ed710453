"""What Superset makes of a virtual dataset: Jinja fills in its time filter, and its own query stands around."""

import datetime
import pathlib

import jinja2
import psycopg

from check import check, done, same

DATASET = pathlib.Path(__file__).parent.parent / "superset" / "visits_by_day.sql"
# Superset truncates the temporal column to the grain of the chart, and filters by it once more.
CHART = """
    SELECT DATE_TRUNC('day', {column}) AS {column}, sum(visits) AS visits
    FROM ({dataset}) AS virtual_table
    WHERE {column} >= TO_TIMESTAMP('{since}', 'YYYY-MM-DD HH24:MI:SS.US') AND {column} < TO_TIMESTAMP('{until}', 'YYYY-MM-DD HH24:MI:SS.US')
    GROUP BY 1 ORDER BY 1"""


def chart(db, dataset, column, since, until):
    rendered = jinja2.Template(dataset).render(from_dttm=since.isoformat(" "), to_dttm=until.isoformat(" "))
    rows = db.execute(CHART.format(dataset=rendered, column=column, since=f"{since}.000000", until=f"{until}.000000")).fetchall()
    return {day.replace(tzinfo=None).date(): visits for day, visits in rows}


def main():
    since, until = datetime.datetime(2026, 5, 1), datetime.datetime(2026, 6, 1)
    dataset = DATASET.read_text(encoding="utf-8").strip()
    for zone in ("UTC", "Europe/Rome", "America/New_York"):
        with psycopg.connect(user="analyst", options=f"-c timezone={zone}") as db:
            shown = chart(db, dataset, "local", since, until)
            wanted = dict(db.execute(
                "SELECT (started_at AT TIME ZONE 'Europe/Rome')::date, count(*) FROM mrcall.visits WHERE started_at >= '2026-05-01 Europe/Rome'"
                " AND started_at < '2026-06-01 Europe/Rome' GROUP BY 1").fetchall())
            same(f"each day in Rome is shown as itself to a session in {zone}", wanted, {day: n for day, n in shown.items() if n})
            same("all of May", (since.date(), 31), (min(shown), len(shown)))
            empty = jinja2.Template(dataset).render(from_dttm=None, to_dttm=None)
            check("without a filter it is the last 90 days", db.execute(f"SELECT count(*) FROM ({empty}) AS virtual_table").fetchone() is not None)
            if zone == "UTC":
                # The column bucket is an instant, and another day in UTC.
                wrong = chart(db, dataset.replace("b.local", "b.bucket"), "bucket", since, until)
                check("the instants would be the days before", min(wrong) == since.date() and wrong != wanted and len(wrong) == 30)
    done("Superset: a virtual dataset by its time filter")


if __name__ == "__main__":
    main()
