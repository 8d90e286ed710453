"""Statements that call one function: alone, over rows, as an aggregate in all its forms, as a window function."""

# What an aggregate or window function wants to be the same in all rows.
CONSTANT = {"gap", "within", "precision", "pattern", "modes", "width", "max_gap", "weights", "settings", "until", "since", "lookback",
            "half_life", "models", "model", "zone"}


class Call:
    """A statement, the function that it calls and whether it may be judged as the call of an owner."""

    def __init__(self, sql, function, arguments):
        self.sql, self.function, self.arguments = sql, function, arguments


def build(rng, function, values):
    """One call: plausible arguments with none to two nasty ones, now and then all nasty."""
    if function.kind in ("a", "w"):
        return over_rows(rng, function, values)
    arguments = function.arguments
    if function.defaults and rng.random() < 0.6:
        arguments = arguments[:len(arguments) - rng.randint(0, function.defaults)]
    drawn = draw(rng, arguments, values)
    name = function.full_name
    if function.kind == "p":
        return Call(f"CALL {name}({', '.join(drawn)})", function, drawn)
    roll = rng.random()
    named = all(n for n, _ in arguments) and arguments and rng.random() < 0.3
    listed = ", ".join(f'"{n}" => {v}' if named else v for (n, _), v in zip(arguments, drawn))
    if roll < 0.55 or not arguments:
        if function.is_set or function.returns_name == "record":
            return Call(f"SELECT * FROM {name}({listed}) LIMIT 300", function, drawn)
        return Call(f"SELECT {name}({listed})", function, drawn)
    # Over rows: nothing is computed beforehand, and what is kept from call to call is met by other arguments.
    rows = [drawn] + [draw(rng, arguments, values) for _ in range(rng.choice([0, 1, 1, 3]))]
    columns = ", ".join(f"a{k}" for k in range(len(arguments)))
    given = ", ".join(f'"{n}" => v.a{k}' if named else f"v.a{k}" for k, (n, _) in enumerate(arguments))
    source = f"(VALUES {', '.join('(' + ', '.join(r) + ')' for r in rows)} OFFSET 0) AS v ({columns})"
    every = [v for r in rows for v in r]
    if function.is_set or function.returns_name == "record":
        if roll < 0.7:
            return Call(f"SELECT {name}({given}) FROM {source} LIMIT 300", function, every)
        return Call(f"SELECT f.* FROM {source} CROSS JOIN LATERAL {name}({given}) AS f LIMIT 300", function, every)
    return Call(f"SELECT {name}({given}) FROM {source}", function, every)


def draw(rng, arguments, values):
    roll = rng.random()
    count = len(arguments)
    if roll < (0.2 if count < 6 else 0.08):
        nasty = set(range(count))
    else:
        nasty = set(rng.sample(range(count), min(count, rng.choice([0, 1, 1, 1, 2]))))
    return [(values.nasty if k in nasty else values.plausible)(rng, n, t) for k, (n, t) in enumerate(arguments)]


def over_rows(rng, function, values, clean=False):
    arguments = function.arguments
    base = [values.plausible(rng, n, t) for n, t in arguments]
    rows = []
    nasty = 0 if clean else rng.choice([0, 0.1, 0.3, 1])
    for _ in range(rng.choice([1, 2, 3, 5, 8])):
        fresh = []
        for k, (n, t) in enumerate(arguments):
            if rng.random() < nasty:
                fresh.append(values.nasty(rng, n, t))
            elif n in CONSTANT and rng.random() < (1 if clean else 0.9):
                fresh.append(base[k])
            else:
                fresh.append(values.plausible(rng, n, t))
        rows.append(fresh)
    columns = ", ".join(f"a{k}" for k in range(len(arguments)))
    source = f"(VALUES {', '.join('(' + ', '.join([str(i)] + r) + ')' for i, r in enumerate(rows))} OFFSET 0) AS v (i, {columns})"
    given = ", ".join(f"v.a{k}" for k in range(len(arguments)))
    call = f"{function.full_name}({given})"
    every = [v for r in rows for v in r]
    roll = 0 if clean else rng.random()
    if function.kind == "w" or roll > 0.75:
        frame = rng.choice(["ORDER BY v.i", "ORDER BY v.i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", "PARTITION BY v.i % 2 ORDER BY v.i",
                            "ORDER BY v.i DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "",
                            "ORDER BY v.i ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING"])
        return Call(f"SELECT {call} OVER ({frame}) FROM {source}", function, every)
    if roll > 0.65:
        return Call(f"SELECT {function.full_name}(DISTINCT {given}), {call} FILTER (WHERE v.i > 0) FROM {source}", function, every)
    if roll > 0.55:
        return Call(f"SELECT v.i % 2, {call} FROM {source} GROUP BY ROLLUP (v.i % 2)", function, every)
    if roll > 0.45:
        return Call(f"SELECT {function.full_name}({given} ORDER BY v.i DESC) FROM {source} WHERE v.i < {rng.choice([0, 1, 9])}",
                    function, every)
    return Call(f"SELECT {call} FROM {source}", function, every)
