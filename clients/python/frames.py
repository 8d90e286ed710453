"""A notebook: reports as frames of polars and pandas, with money that stays exact."""

import datetime
import decimal

import pandas
import polars
import psycopg
import sqlalchemy

from check import check, done, same

SINCE, UNTIL = datetime.date(2026, 5, 1), datetime.date(2026, 6, 1)
CREDIT = """
    SELECT dimension_value AS channel, conversions, value, currency
    FROM mrcall.attribution('2026-05-01 Europe/Rome', '2026-06-01 Europe/Rome', 'linear', 'payment')"""
PAID = """
    SELECT currency, sum(value) AS value FROM mrcall.conversions
    WHERE conversion = 'payment' AND converted_at >= '2026-05-01 Europe/Rome' AND converted_at < '2026-06-01 Europe/Rome'
    GROUP BY currency"""


def of_polars(db):
    credit = polars.read_database(CREDIT, db)
    same("money is decimal to polars", True, isinstance(credit.schema["value"], polars.Decimal))
    paid = dict(db.execute(PAID).fetchall())
    sums = credit.drop_nulls("currency").group_by("currency").agg(polars.col("value").sum())
    same("polars: to the cent", paid, dict(sums.iter_rows()))

    days = polars.read_database(
        "SELECT local, dimension_value, visits, total_duration FROM mrcall.visitor_buckets('1 day', %(since)s, %(until)s, %(zone)s, 'channel')",
        db, execute_options={"params": {"since": SINCE, "until": UNTIL, "zone": "Europe/Rome"}},
    )
    same("a wall clock has no zone", polars.Datetime("us", None), days.schema["local"])
    same("a duration is one", polars.Duration("us"), days.schema["total_duration"])
    wide = days.pivot("dimension_value", index="local", values="visits").sort("local")
    same("a row for each day", [SINCE + datetime.timedelta(days=n) for n in range(31)], wide["local"].dt.date().to_list())

    calls = polars.read_database(
        "SELECT business_id, calls, outcomes FROM mrcall.call_summary('1 month', %(since)s, %(until)s, 'Europe/Rome')",
        db, execute_options={"params": {"since": SINCE, "until": UNTIL}}, infer_schema_length=None,
    )
    outcomes = calls.select(polars.col("outcomes").struct.unnest()).fill_null(0)
    same("outcomes add up to calls", calls["calls"].to_list(), outcomes.sum_horizontal().to_list())


def of_pandas(engine, db):
    paid = dict(db.execute(PAID).fetchall())
    with engine.connect() as connection:
        # Without coerce_float=False numeric becomes float64, and cents are lost in large sums.
        credit = pandas.read_sql_query(sqlalchemy.text(CREDIT), connection, coerce_float=False)
        check("money is Decimal to pandas", isinstance(credit["value"].dropna().iloc[0], decimal.Decimal))
        sums = credit.dropna(subset=["currency"]).groupby("currency")["value"].agg("sum").to_dict()
        same("pandas: to the cent", paid, sums)
        same("which it would not be else", "float64", str(pandas.read_sql_query(sqlalchemy.text(CREDIT), connection)["value"].dtype))

        days = pandas.read_sql_query(
            sqlalchemy.text("SELECT local, visits FROM mrcall.visitor_buckets('1 day', :since, :until, 'Europe/Rome')"),
            connection, params={"since": SINCE, "until": UNTIL}, index_col="local",
        )
        same("an index of days", ["2026-05-01", "2026-05-31"], [str(days.index[0].date()), str(days.index[-1].date())])
        weeks = days["visits"].resample("W-MON", closed="left", label="left").sum()
        by_report = pandas.read_sql_query(
            sqlalchemy.text("SELECT local, visits FROM mrcall.visitor_buckets('7 days', :since, :until, 'Europe/Rome')"),
            connection, params={"since": SINCE, "until": UNTIL}, index_col="local",
        )
        same("weeks of pandas are those of the report", by_report["visits"].tolist(), weeks.tolist())


def main():
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(user="analyst"))
    with psycopg.connect(user="analyst") as db:
        of_polars(db)
        of_pandas(engine, db)
    engine.dispose()
    done("polars and pandas: frames")


if __name__ == "__main__":
    main()
