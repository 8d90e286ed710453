"""Whether the contenders' answers are the same, and where they differ first."""

from decimal import Decimal, InvalidOperation

SHOWN = 5
NEAR = Decimal("1e-6")


def same(a, b, approximate):
    """Whether two values are equal; figures by value, approximate ones to a millionth of the larger."""
    if a == b:
        return True
    if a is None or b is None:
        return False
    try:
        x, y = Decimal(a), Decimal(b)
    except InvalidOperation:
        return False
    return x == y or (approximate and abs(x - y) <= NEAR * max(abs(x), abs(y)))


def difference(reference, other, columns, approximate):
    """The first rows of two answers that differ in the columns, as (reference's, other's) with None for no row."""
    found = []
    for nr in range(max(len(reference.rows), len(other.rows))):
        left = reference.rows[nr] if nr < len(reference.rows) else None
        right = other.rows[nr] if nr < len(other.rows) else None
        equal = left is not None and right is not None and all(
            same(left[reference.columns.index(c)], right[other.columns.index(c)], c in approximate) for c in columns)
        if not equal:
            found.append((left, right))
            if len(found) == SHOWN:
                break
    return found


def compare(job, answers):
    """The differences between the answers of a job (a dictionary by contender): (contender, another one, rows)."""
    problems = []
    first = next(iter(answers))
    for name, answer in answers.items():
        if answer.columns != answers[first].columns:
            problems.append((first, name, [(answers[first].columns, answer.columns)]))
    if problems:
        return problems
    shared = [c for c in answers[first].columns if c not in job.peers_only]
    for name in list(answers)[1:]:
        rows = difference(answers[first], answers[name], shared, job.approximate)
        if rows:
            problems.append((first, name, rows))
    if "alone" in answers:
        rows = difference(answers["ext"], answers["alone"], answers[first].columns, job.approximate)
        if rows and not any(problem[1] == "alone" for problem in problems):
            problems.append(("ext", "alone", rows))
    peers = [name for name in answers if name not in ("ext", "alone")]
    for name in peers[1:]:
        rows = difference(answers[peers[0]], answers[name], answers[first].columns, job.approximate)
        if rows and not any(problem[1] == name for problem in problems):
            problems.append((peers[0], name, rows))
    return problems
