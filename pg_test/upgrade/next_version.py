#!/usr/bin/env python3
"""Makes a next version's SQL for the rehearsal of an upgrade, from the install script of this one: a report has one column more, a
table function of the library too, an internal type one attribute more, and there is one function more.
usage: next_version.py INSTALL_SCRIPT FRESH UPGRADE     writes the next version's install script and the upgrade to it"""

import re
import sys
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "sql/templates"


def only(found, what):
    if len(found) != 1:
        raise SystemExit(f"{len(found)} times {what}: the rehearsal has to be adapted")
    return found[0]


def statement(script, name):
    """CREATE FUNCTION … $$; or …wrapper';"""
    pattern = rf"^CREATE FUNCTION {re.escape(name)}\(.*?(?:^\$\$|^AS 'MODULE_PATHNAME', '\w+'|\$\$);$"
    return only(re.findall(pattern, script, re.M | re.S), f"CREATE FUNCTION {name}")


def comments(script, name):
    return "\n".join(re.findall(rf"^COMMENT ON FUNCTION {re.escape(name)}\(.*?';$", script, re.M | re.S))


def with_column(text):
    """RETURNS TABLE (…, rehearsed bigint)"""
    return re.sub(r"^(RETURNS TABLE \([^;]*?)\)$", r"\1, rehearsed bigint)", text, count=1, flags=re.M)


def identity(text):
    """name(types) of a CREATE FUNCTION, whose arguments have names."""
    head = re.search(r"CREATE FUNCTION ([\w.]+)\((.*?)\)\nRETURNS", text, re.S)
    types = [re.sub(r"\s+DEFAULT\s.*", "", part, flags=re.S).split(None, 1)[1] for part in re.split(r",\s+", head[2]) if part]
    return f"{head[1]}({', '.join(types)})"


def replaced(text, name):
    """The statements of an upgrade for a function whose result changes: rights stay as they were."""
    function = identity(text)
    before, after = ((TEMPLATES / file).read_text(encoding="utf-8").replace("{function}", function) for file in
                     ("rights_before.sql", "rights_after.sql"))
    return f"{before}DROP FUNCTION {function};\n{text}\n{comments(SCRIPT, name)}\n{after}"


SCRIPT = Path(sys.argv[1]).read_text(encoding="utf-8")


def main(_, fresh_to, upgrade_to):
    fresh, upgrade = SCRIPT, ["\\echo Use ALTER EXTENSION mrcall_ext UPDATE to load this file. \\quit", "SET LOCAL check_function_bodies = off;"]
    # A report in SQL, whose last SELECT gives the rows.
    report = statement(SCRIPT, "mrcall.attribution")
    head, body = report.rsplit("AS $$\n", 1)
    others, last = body.removesuffix("\n$$;").rsplit(";\n", 1)
    new = f"{with_column(head)}AS $$\n{others};\nSELECT r.*, 7::bigint FROM ({last}) AS r\n$$;"
    fresh = fresh.replace(report, new)
    upgrade.append(replaced(new, "mrcall.attribution"))
    # Rows that the library makes.
    rules = statement(SCRIPT, "mrcall_internal.rules")
    fresh = fresh.replace(rules, with_column(rules))
    upgrade.append(replaced(with_column(rules), "mrcall_internal.rules"))
    # A type that the library reads, and the functions that make values of it.
    settings = "mrcall_internal.visit_settings"
    upgrade.append(f"ALTER TYPE {settings} ADD ATTRIBUTE rehearsed boolean;")
    declared = only(re.findall(rf"^CREATE TYPE {settings} AS \(.*?\);$", SCRIPT, re.M | re.S), settings)
    fresh = fresh.replace(declared, declared.replace(");", ", rehearsed boolean);"))
    makers = [text for text in re.findall(r"^CREATE FUNCTION (?:(?!^CREATE ).)*?^\$\$;$", fresh, re.M | re.S) if f")::{settings}" in text]
    if not makers:
        raise SystemExit(f"nothing makes a {settings}: the rehearsal has to be adapted")
    for maker in makers:
        edited = maker.replace(f")::{settings}", f", true)::{settings}")
        fresh = fresh.replace(maker, edited)
        upgrade.append(edited.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    # A function that writes: its owner's alone.
    added = (
        "CREATE FUNCTION mrcall_internal.rehearsed()\nRETURNS int\nLANGUAGE sql VOLATILE\nSET search_path = pg_catalog, pg_temp\n"
        "AS 'SELECT 1';\nCOMMENT ON FUNCTION mrcall_internal.rehearsed() IS 'Of the rehearsal';\n"
    )
    marker = only(re.findall(r"^-- install/99-owner.sql$", fresh, re.M), "install/99-owner.sql")
    fresh = fresh.replace(marker, f"{added}\n{marker}")
    upgrade.append(
        f"{added}REVOKE ALL ON FUNCTION mrcall_internal.rehearsed() FROM PUBLIC;\nDO $do$\nBEGIN\n    EXECUTE pg_catalog.format("
        "'ALTER FUNCTION mrcall_internal.rehearsed() OWNER TO %I', mrcall_internal.owner());\nEND\n$do$;"
    )
    Path(fresh_to).write_text(fresh, encoding="utf-8")
    Path(upgrade_to).write_text("\n".join(upgrade) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
