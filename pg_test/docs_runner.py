"""Runs the SQL examples of Markdown files, in the database that the environment variable URL names.

A block ```sql is run; where a block ```output follows it directly, what psql prints must be equal to that, blanks at the
ends of lines apart. A block ```sql skip is not run, a block ```sql migration by the test migration_tools. A block ```sql fails has to
end in an error, and leaves nothing behind; the block ```error that follows it is that error: SQLSTATE, message and hint. The blocks of
a file run in order, in one transaction that is rolled back. A block of another language that names a file, as
```python clients/python/app.py does, has to stand in that file, at any indentation. Output goes to stdout; the exit status is 1 when an
example fails, or when there is none.
A block ```sql fresh has a range that ends now: it runs alone in the database of FRESH_URL, whose data end yesterday, and must find rows.
README.md's blocks run in the database of README_URL, the demo that it is about.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

FENCE = re.compile(r"^```(.*)$")
MARK = "--- end of example ---"
# An error in the form of the block that shows it. PL/pgSQL has the hint, which psql does not hand out.
FAILS = """DO $the_example$
DECLARE
    hint text;
BEGIN
    PERFORM set_config('docs.error', 'no error', true);
    EXECUTE $the_statements${}$the_statements$;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    PERFORM set_config('docs.error', sqlstate || ': ' || sqlerrm || coalesce(E'\\nHINT: ' || nullif(hint, ''), ''), true);
END
$the_example$;
\\pset format unaligned
\\pset tuples_only on
SELECT current_setting('docs.error');
\\pset format aligned
\\pset tuples_only off"""
TIMEOUT = 300


class Example:
    def __init__(self, line, sql):
        self.line = line
        self.sql = sql
        self.output = None
        self.fails = False


def blocks(path):
    """The fenced blocks of a file: line number of the first line, info string, content, whether it follows directly."""
    start, info, content, last_end = None, None, [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if start is None and fence:
            start, info, content = number + 1, fence.group(1).strip(), []
        elif start is not None and line.rstrip() == "```":
            yield start, info, "\n".join(content), last_end
            start, last_end = None, True
        elif start is not None:
            content.append(line)
        elif line.strip():
            last_end = False
    if start is not None:
        raise SystemExit(f"{path}:{start - 1}: the block has no end")


def examples(path):
    """The examples of a file to run, those of a range that ends now, and how many are to be skipped."""
    found, fresh, skipped, previous = [], [], 0, None
    for line, info, content, directly in blocks(path):
        current = None
        if info in ("sql", "sql fresh", "sql fails"):
            if not ends_a_statement(content):
                raise SystemExit(f"{path}:{line}: the example ends within a statement")
            current = Example(line, FAILS.format(content) if info == "sql fails" else content)
            current.fails = info == "sql fails"
            (fresh if info == "sql fresh" else found).append(current)
        elif info in ("sql skip", "sql migration"):
            skipped += 1
        elif re.fullmatch(r"[a-z]+ clients/\S+", info):
            stands_in(path, line, content, pathlib.Path(info.split(" ", 1)[1]))
        elif info in ("output", "error"):
            if previous is None or not directly or previous.fails != (info == "error"):
                raise SystemExit(f"{path}:{line}: no example stands before this {info}")
            previous.output = content
        elif info.startswith(("sql", "output", "error")):
            raise SystemExit(f"{path}:{line}: unknown kind of block: {info}")
        elif info not in ("", "sh", "text"):
            raise SystemExit(f"{path}:{line}: which file has this {info}? Name it behind the language")
        previous = current
    for example in found:
        if example.fails and example.output is None:
            raise SystemExit(f"{path}:{example.line}: with which error does it fail?")
    return found, fresh, skipped


def stands_in(path, line, content, file):
    """Whether the lines of a block stand in a file, one after the other, blanks at the ends of lines apart. A line … is a part left out."""
    if not file.is_file():
        raise SystemExit(f"{path}:{line}: there is no file {file}")
    text = [one.strip() for one in file.read_text(encoding="utf-8").splitlines()]
    parts = "\n".join(one.strip() for one in content.splitlines()).split("\n…\n")
    at = 0
    for part in (part.split("\n") for part in parts):
        place = next((n for n in range(at, len(text) - len(part) + 1) if text[n : n + len(part)] == part), None)
        if place is None:
            raise SystemExit(f"{path}:{line}: this does not stand in {file}:\n" + "\n".join(part))
        at = place + len(part)


def ends_a_statement(sql):
    lines = [re.sub(r"\s*--.*$", "", line).rstrip() for line in sql.splitlines()]
    lines = [line for line in lines if line]
    return bool(lines) and (lines[-1].endswith(";") or lines[-1].lstrip().startswith("\\"))


def run(found, url):
    """What each example prints, and what psql says when one fails; then the list ends before that example."""
    script = "BEGIN;\n" + "".join(f"{example.sql}\n\\echo '{MARK}'\n" for example in found) + "ROLLBACK;\n"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG") or key == "PGBIN"}
    environment.update(PGTZ="UTC", PGDATESTYLE="ISO", PGCLIENTENCODING="UTF8", PGCONNECT_TIMEOUT="10")
    psql = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-d", url],
        input=script, capture_output=True, encoding="utf-8", env=environment, timeout=TIMEOUT, check=False,
    )
    return psql.stdout.split(MARK + "\n")[:-1], psql.stderr if psql.returncode else ""


def trimmed(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def check(path, found):
    """The number of examples of a file that fail."""
    printed, error = run(found, os.environ["README_URL" if path.name == "README.md" else "URL"])
    failures = 0
    for example, actual in zip(found, printed):
        if example.output is not None and trimmed(example.output) != trimmed(actual):
            failures += 1
            print(f"{path}:{example.line}: the output is another")
            print("\n".join(difflib.unified_diff(trimmed(example.output), trimmed(actual), "document", "psql", lineterm="")))
    if len(printed) < len(found):
        failures += 1
        print(f"{path}:{found[len(printed)].line}: the example fails, and those after it do not run\n{error}")
    elif error:
        failures += 1
        print(f"{path}: psql fails\n{error}")
    return failures


def check_fresh(path, example):
    """1 where an example whose range ends now fails or finds nothing."""
    printed, error = run([example], os.environ["FRESH_URL"])
    if error or not re.search(r"^\([1-9][0-9]* rows?\)$", printed[0], re.MULTILINE) or re.search(r"^\(0 rows\)$", printed[0], re.MULTILINE):
        print(f"{path}:{example.line}: the example finds nothing\n{error}{''.join(printed)}")
        return 1
    return 0


def main(names):
    paths = [pathlib.Path(name) for name in names]
    if not paths:
        readme = pathlib.Path("README.md")
        paths = ([readme] if readme.exists() else []) + sorted(pathlib.Path("docs").rglob("*.md"))
    executed, skipped, failures = 0, 0, 0
    for path in paths:
        found, fresh, left_out = examples(path)
        executed += len(found) + len(fresh)
        skipped += left_out
        if found:
            failures += check(path, found)
        failures += sum(check_fresh(path, example) for example in fresh)
    print(f"{executed} examples executed, {skipped} skipped" + (f", {failures} failed" if failures else ""))
    return 1 if failures or not executed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
