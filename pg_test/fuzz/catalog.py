"""What can be called: every function of the extension, its arguments and their types, read from the server's catalogues."""

import json

QUERY = """
WITH member AS (
    SELECT p.*, n.nspname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('mrcall', 'mrcall_internal')
),
argument AS (
    SELECT m.oid, a.nr, a.type_id,
           (SELECT i.name FROM (SELECT x.name, row_number() OVER (ORDER BY x.n) AS k
                                FROM unnest(m.proargnames, m.proargmodes) WITH ORDINALITY AS x (name, mode, n)
                                WHERE m.proargmodes IS NULL OR x.mode IN ('i', 'b', 'v')) AS i WHERE i.k = a.nr) AS name
    FROM member AS m CROSS JOIN LATERAL unnest(m.proargtypes::oid[]) WITH ORDINALITY AS a (type_id, nr)
),
RECURSIVE_TYPES
SELECT json_build_object(
    'functions', (SELECT json_agg(json_build_object(
            'id', m.oid::int8, 'schema', m.nspname, 'name', m.proname, 'kind', m.prokind, 'is_set', m.proretset,
            'returns', m.prorettype::int8, 'returns_name', format_type(m.prorettype, NULL), 'defaults', m.pronargdefaults,
            'language', (SELECT l.lanname FROM pg_language AS l WHERE l.oid = m.prolang),
            'signature', m.oid::regprocedure::text,
            'direct', (SELECT g.aggnumdirectargs FROM pg_aggregate AS g WHERE g.aggfnoid = m.oid),
            'arguments', coalesce((SELECT json_agg(json_build_array(coalesce(a.name, ''), a.type_id::int8) ORDER BY a.nr)
                                   FROM argument AS a WHERE a.oid = m.oid), '[]'))
        ORDER BY m.oid::regprocedure::text) FROM member AS m),
    'types', (SELECT json_object_agg(t.oid, json_build_object(
            'name', format_type(t.oid, NULL), 'category', CASE WHEN t.typelem <> 0 AND t.typcategory = 'A' THEN 'A' ELSE t.typtype END,
            'element', t.typelem::int8,
            'attributes', (SELECT json_agg(json_build_array(a.attname, a.atttypid::int8) ORDER BY a.attnum)
                           FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)))
        FROM pg_type AS t WHERE t.oid IN (SELECT k.type_id FROM known AS k)),
    'states', (SELECT json_agg(json_build_object('id', t.oid::int8, 'name', format_type(t.oid, NULL), 'send', t.typsend::regproc::text)
                               ORDER BY t.typname)
               FROM pg_type AS t WHERE t.typnamespace = 'mrcall'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'))
""".replace("WITH member", "WITH RECURSIVE member").replace("RECURSIVE_TYPES", """known AS (
    SELECT a.type_id FROM argument AS a
    UNION
    SELECT x.type_id FROM known AS k JOIN pg_type AS t ON t.oid = k.type_id
    CROSS JOIN LATERAL (SELECT t.typelem AS type_id WHERE t.typelem <> 0
                        UNION ALL
                        SELECT a.atttypid FROM pg_attribute AS a
                        WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS x
)""")


class Function:
    def __init__(self, row, types):
        self.__dict__.update(row)
        self.is_public = self.schema == "mrcall"
        names = [types[str(t)]["name"] for _, t in self.arguments]
        # Support functions of types and aggregates; the parser refuses to call those with an argument of type internal.
        self.takes_internal = "internal" in names
        self.is_callable = not self.takes_internal and "trigger" not in self.returns_name and "cstring" not in names
        self.is_report = any(n == "since" for n, _ in self.arguments) and self.kind == "f"
        self.full_name = f'{self.schema}.{self.name}'


class Catalog:
    def __init__(self, connection):
        connection.query("SET search_path = pg_catalog, pg_temp")
        answer = connection.query(QUERY)
        if answer.error:
            raise RuntimeError(answer.error)
        found = json.loads(answer.rows[0][0])
        connection.query("RESET search_path")
        self.types = {int(k): v for k, v in found["types"].items()}
        self.functions = [Function(f, found["types"]) for f in found["functions"]]
        self.states = found["states"]
        self.callable = [f for f in self.functions if f.is_callable]

    def argument_pairs(self):
        """All names and types that arguments and the fields of their rows have."""
        pairs = {(n, t) for f in self.callable for n, t in f.arguments}
        pairs |= {(n, t) for k in self.types.values() for n, t in k["attributes"] or []}
        pairs |= {("", k["element"]) for k in self.types.values() if k["category"] == "A"}
        return {(n, t) for n, t in pairs if t in self.types}
