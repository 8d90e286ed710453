"""Hostile states: real ones with bytes changed, in binary (a bound parameter, COPY) and in text, handed to all that takes them."""

import struct

from statements import Call, over_rows

# Counts, lengths and slots at the edges of their types, as whole numbers of all widths and as variable-length ones.
EDGES = [0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xC0000001, 0xFFFFFFFE,
         0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF]


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def mutate(rng, seed, others):
    """One to four changes of a state's bytes."""
    data = bytearray(seed)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(data)) if data else 0
        kind = rng.randrange(11)
        if not data:
            data += bytes(rng.randrange(256) for _ in range(rng.randint(1, 12)))
        elif kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at:at + rng.choice([1, 1, 2, 4, 8])]
        elif kind == 4:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice([1, 2, 4, 8, 40])))
        elif kind == 5:
            end = min(len(data), at + rng.choice([1, 2, 4, 8, 32]))
            data[at:at] = data[at:end]
        elif kind == 6:
            other = rng.choice(others)
            data[at:] = other[rng.randrange(len(other) + 1):]
        elif kind in (7, 8):
            number, width = rng.choice(EDGES), rng.choice([2, 4, 4, 8])
            packed = struct.pack("<Q", number)[:width]
            data[at:at + width] = packed if rng.random() < 0.8 else packed[::-1]
        elif kind == 9:
            data[at:at + rng.choice([0, 1, 1, 2])] = varint(rng.choice(EDGES))
        else:
            # Two neighbouring parts change places: out of order.
            middle, end = at + rng.choice([1, 2, 4, 8]), at + 2 * rng.choice([1, 2, 4, 8])
            data[at:end] = data[middle:end] + data[at:middle]
    return bytes(data)


class States:
    """The seeds of all types and sets, and what takes them."""

    def __init__(self, connection, catalog, values, rng):
        self.catalog, self.values = catalog, values
        self.seeds = {}
        self.takers = {}
        for state in catalog.states:
            self.seeds[state["name"]] = self._seeds(connection, rng, state["name"], f"{state['send']}(%s)")
            self.takers[state["name"]] = [f for f in catalog.callable if any(t == state["id"] for _, t in f.arguments)]
        self.seeds["bytea"] = (self._seeds(connection, rng, "bytea", "%s") + self._sets(connection, rng))
        self.takers["bytea"] = [f for f in catalog.callable if any(catalog.types[t]["name"] == "bytea" for _, t in f.arguments)]

    def _seeds(self, connection, rng, type_name, form):
        found = set()
        aggregates = [f for f in self.catalog.callable if f.kind == "a" and f.returns_name == type_name]
        for _ in range(30):
            for aggregate in aggregates:
                sql = over_rows(rng, aggregate, self.values, clean=True).sql
                answer = connection.query(f"SELECT encode({form % 's'}, 'hex') FROM ({sql}) AS q (s)")
                if not answer.error and answer.rows and answer.rows[0][0]:
                    found.add(bytes.fromhex(answer.rows[0][0]))
        if not found and aggregates:
            raise RuntimeError(f"no {type_name} could be made: {answer.error}")
        return sorted(found)

    def _sets(self, connection, rng):
        """What reports hand from function to function."""
        found = set()
        for function in self.catalog.callable:
            if function.kind == "f" and function.returns_name == "bytea":
                for _ in range(12):
                    drawn = ", ".join(self.values.plausible(rng, n, t) for n, t in function.arguments)
                    answer = connection.query(f"SELECT encode(q, 'hex') FROM {function.full_name}({drawn}) AS q")
                    if not answer.error:
                        found |= {bytes.fromhex(r[0]) for r in answer.rows if r[0]}
        return sorted(s for s in found if len(s) <= 100_000)

    def pools(self):
        """Expressions for the argument pools: whole seeds by type, sets by the names of arguments too."""
        return {name: [f"'\\x{s.hex()}'::{name}" for s in seeds if len(s) <= 4000] for name, seeds in self.seeds.items() if seeds}

    def case(self, rng):
        """(type, form, bytes): where the bytes go."""
        name = rng.choice([n for n, s in self.seeds.items() if s])
        seeds = self.seeds[name]
        data = mutate(rng, rng.choice(seeds), seeds)
        form = "call" if name == "bytea" else rng.choice(["binary", "binary", "binary", "copy", "text", "call", "call"])
        return name, form, data

    def taker(self, rng, name, data):
        """A call of something that takes a state of the type, with these bytes and plausible other arguments."""
        function = rng.choice(self.takers[name])
        given = f"'\\x{data.hex()}'::{name}"
        chosen = [k for k, (_, t) in enumerate(function.arguments) if self.catalog.types[t]["name"] == name]
        place = rng.choice(chosen)
        drawn = [given if k == place else self.values.plausible(rng, n, t) for k, (n, t) in enumerate(function.arguments)]
        listed = ", ".join(drawn)
        if function.kind == "a":
            other = rng.choice(self.seeds[name])
            sql = f"SELECT {function.full_name}(s) FROM (VALUES ({given}), ('\\x{other.hex()}'), ({given})) AS v (s)"
        elif function.is_set:
            sql = f"SELECT * FROM {function.full_name}({listed}) LIMIT 300"
        else:
            sql = f"SELECT {function.full_name}({listed})"
        return Call(sql, function, drawn)


def copy_bytes(data):
    """One row of one column in the form of COPY … (FORMAT binary)."""
    return b"PGCOPY\n\xff\r\n\0" + struct.pack("!iihi", 0, 0, 1, len(data)) + data + struct.pack("!h", -1)
