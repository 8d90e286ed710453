"""Assertions that are counted, and the error that some work has to end in."""

import contextlib

import psycopg

checks = 0


def same(what, wanted, got):
    global checks
    checks += 1
    assert wanted == got, f"{what}: wanted {wanted}, got {got}"


def check(what, holds):
    same(what, True, bool(holds))


@contextlib.contextmanager
def fails(what, sqlstate, hint=""):
    try:
        yield
    except psycopg.Error as error:
        same(what, sqlstate, error.sqlstate)
        check(f"{what}: the hint says {hint!r}: {error.diag.message_hint}", hint in (error.diag.message_hint or ""))
    else:
        raise AssertionError(f"{what}: no error")


def done(what):
    check("something was checked", checks > 0)
    print(f"ok: {what}, {checks} checks")
