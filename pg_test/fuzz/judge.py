"""What an answer is worth. A finding is a text; None is an answer as it should be."""

import re

PANIC = re.compile(r"panicked|RefCell|already (mutably )?borrowed|index out of|out of range for slice|unwrap\(\)|called `|unreachable|"
                   r"overflow when|attempt to |char boundary|\.rs:\d|backtrace|Option::|Result::|datums? converted|"
                   r"slice index|range end index|memory allocation of|capacity overflow", re.IGNORECASE)

# What a function of the product may raise itself (docs: every page lists its own). Each needs a HINT.
OWN = {"22023", "22004", "22008", "22P02", "22P03", "42P01", "42703", "42804", "54000", "53200", "55000", "P0002", "42501", "0A000",
       "2BP01", "42704", "55P03"}

# And one function alone.
OWN_ALONE = {("attach", "42601")}

# What the server itself may say while a function of the product is at work: SQLSTATE and message.
FROM_SERVER = [
    ("57014", r"^canceling statement due to"),
    ("42501", r"^permission denied for "),
    ("54001", r"^stack depth limit exceeded"),
    ("53200", r"^out of memory"),
    ("54000", r"^invalid memory alloc request size|^array size exceeds the maximum|^total size of jsonb|^string too long to represent"),
    ("55P03", r"^canceling statement due to lock timeout"),
    ("40P01", r"^deadlock detected"),
    ("25006", r"^cannot execute .* in a read-only transaction"),
]

# Classes that no input may lead to, not even of an internal function.
NEVER = ("XX", "58", "F0", "0B", "0L", "24", "26", "2D", "38", "39", "P0004", "P0003", "57P", "08", "53300", "42702", "42P08", "42P18")


def is_ours(error):
    """Whether the extension raised it: a RAISE of its PL/pgSQL, or its library (the field F names the source)."""
    return error.get("F", "").endswith(".rs") or error.get("R") == "exec_stmt_raise"


def judge(call, result, evaluates):
    """`evaluates` tells the SQLSTATE of computing the arguments alone: an error of theirs is none of the function."""
    for notice in result.notices:
        if PANIC.search(notice.get("M", "")):
            return f"a notice shows the inside: {notice['M']}"
    error = result.error
    if error is None:
        return not_a_number(call, result)
    state, message = error["C"], error.get("M", "")
    told = "\n".join(error.get(k, "") for k in "MDHW")
    if PANIC.search(told) and is_ours(error) or PANIC.search(message):
        return f"{state} shows the inside: {message}"
    if state.startswith(NEVER):
        return f"{state}: {message}"
    if not call.function.is_public:
        return None
    if is_ours(error):
        if state not in OWN and (call.function.name, state) not in OWN_ALONE:
            return f"{state} is no SQLSTATE of the product: {message}"
        if not error.get("H"):
            return f"{state} has no HINT: {message}"
        return None
    if any(state == s and re.search(m, message) for s, m in FROM_SERVER):
        return None
    if evaluates(call.arguments) == state:
        return None
    return f"{state} of the server comes through: {message}"


NUMBERS = {700, 701, 1700, 1021, 1022, 1231}


def not_a_number(call, result):
    if not call.function.is_public or any("NaN" in a for a in call.arguments):
        return None
    for (name, type_id), *values in zip(result.columns, *result.rows):
        if type_id in NUMBERS and any(v is not None and "NaN" in v for v in values):
            return f"{name} is NaN"
    return None
