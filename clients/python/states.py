"""A job that keeps states of days and rolls them up, and moves them to another database by COPY."""

import psycopg

from check import check, done, fails, same

MADE = """
    SELECT v.started_at::date AS day, mrcall.distinct_agg(v.visitor_id) AS visitors
    FROM mrcall.visits AS v
    WHERE v.started_at >= '2026-05-01' AND v.started_at < '2026-05-15'
    GROUP BY 1"""


def main():
    with psycopg.connect(user="analyst") as here, psycopg.connect(user="analyst") as there:
        here.execute(f"CREATE TEMP TABLE made AS {MADE}")
        there.execute("CREATE TEMP TABLE moved (day date, visitors mrcall.distinct_state)")
        for form in ("BINARY", "TEXT", "CSV"):
            with (
                here.cursor().copy(f"COPY made TO STDOUT (FORMAT {form})") as source,
                there.cursor().copy(f"COPY moved FROM STDIN (FORMAT {form})") as target,
            ):
                for block in source:
                    target.write(block)
        # As rows: a state is text to psycopg, bytes where it is cast.
        there.cursor().executemany("INSERT INTO moved VALUES (%s, %s::text::mrcall.distinct_state)", here.execute("TABLE made").fetchall())
        there.cursor().executemany(
            "INSERT INTO moved VALUES (%s, %s::bytea::mrcall.distinct_state)",
            here.execute("SELECT day, visitors::bytea FROM made").fetchall(),
        )
        rolled = "SELECT count(*), count(DISTINCT visitors), mrcall.rollup(visitors)::text FROM {}"
        days, different, wanted = here.execute(rolled.format("made")).fetchone()
        same("two weeks", 14, days)
        same("each came five times, and they roll up to the same bytes", (5 * days, different, wanted), there.execute(rolled.format("moved")).fetchone())
        same("and to the count of the rows", *(
            here.execute(f"SELECT mrcall.num_distinct({of})").fetchone()[0]
            for of in ("(SELECT mrcall.rollup(visitors) FROM made)",
                       "(SELECT mrcall.distinct_agg(visitor_id) FROM mrcall.visits WHERE started_at >= '2026-05-01' AND started_at < '2026-05-15')")))
        there.commit()
        for bad, state in ((b"", "22P03"), (b"\x01\x02", "22P03")):
            with fails("bytes that are no state", state):
                there.execute("SELECT %s::bytea::mrcall.distinct_state", (bad,))
            there.rollback()
        with fails("a text that is no state", "22P02", "hexadecimal"):
            there.execute("SELECT %s::text::mrcall.distinct_state", ("no state",))
        there.rollback()
        (bytes_of,) = here.execute("SELECT visitors::bytea FROM made ORDER BY day LIMIT 1").fetchone()
        check("bytes are bytes", isinstance(bytes_of, bytes) and len(bytes_of) > 10)
    done("psycopg: states")


if __name__ == "__main__":
    main()
