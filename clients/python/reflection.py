"""A web application with SQLAlchemy: views by reflection, reports as functions, a table of states."""

import datetime
import warnings
import zoneinfo

import psycopg
import sqlalchemy
from sqlalchemy import Column, Date, MetaData, String, Table, func, select, text
from sqlalchemy.types import UserDefinedType

from check import check, done, same


class CallState(UserDefinedType):
    """A state is text on its way, as psql shows it."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "mrcall.call_state"

    def bind_expression(self, value):
        return sqlalchemy.cast(sqlalchemy.cast(value, String), self)


def main():
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(user="analyst"))
    metadata = MetaData()
    with warnings.catch_warnings():
        # Nothing in mrcall has a type that SQLAlchemy does not know.
        warnings.simplefilter("error")
        metadata.reflect(engine, schema="mrcall", views=True)
    with engine.connect() as db:
        views = db.scalars(text("SELECT count(*) FROM pg_class WHERE relnamespace = 'mrcall'::regnamespace AND relkind = 'v'")).one()
        check("views are reflected", len(metadata.tables) >= views > 10)
        calls = metadata.tables["mrcall.calls"]
        check("columns have comments", all(column.comment for column in calls.columns))
        per_business = select(calls.c.business_id, func.count().label("calls")).group_by(calls.c.business_id)
        may = [datetime.datetime(2026, month, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Rome")) for month in (5, 6)]
        wanted = dict(db.execute(per_business.where(calls.c.started_at >= may[0], calls.c.started_at < may[1])).fetchall())

        summary = func.mrcall.call_summary(
            datetime.timedelta(days=31), datetime.date(2026, 5, 1), datetime.date(2026, 6, 1), "Europe/Rome"
        ).table_valued("business_id", "calls", name="summary")
        got = {}
        for business_id, count in db.execute(select(summary.c.business_id, summary.c.calls)):
            got[business_id] = got.get(business_id, 0) + count
        same("a report as a function", wanted, got)

        kept = Table("kept", MetaData(), Column("day", Date), Column("state", CallState()), prefixes=["TEMPORARY"])
        kept.create(db)
        made = func.mrcall.call_agg(calls.c.started_at, calls.c.ended_at, calls.c.outcome)
        ended = (calls.c.ended_at >= calls.c.started_at, calls.c.started_at >= may[0])
        rows = db.execute(select(func.date(calls.c.started_at), made).where(*ended).group_by(text("1"))).fetchall()
        db.execute(kept.insert(), [{"day": day, "state": state} for day, state in rows])
        rolled, days = db.execute(select(func.mrcall.num_calls(func.mrcall.rollup(kept.c.state)), func.count()).select_from(kept)).one()
        exact = db.scalar(select(func.count()).where(*ended))
        same("states of days roll up to all calls", (exact, len(rows)), (rolled, days))
        check("of several days", days > 5)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            again = Table("kept", MetaData(), autoload_with=db)
        same("a column of states is of no type to reflection", "NULL", str(again.c.state.type))
        check(f"which it says: {told}", any("mrcall.call_state" in str(one.message) for one in told))
        db.rollback()
    engine.dispose()
    done("SQLAlchemy: reflection, reports, states")


if __name__ == "__main__":
    main()
