"""Arguments as SQL expressions: plausible ones by name and type, nasty ones by type. What the server itself does not read as a value
of its type is left out at the beginning, so that an error is never that of a literal."""

STATE_SCHEMA = "mrcall"

ZONES = ["UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca",
         "America/Sao_Paulo"]
CHANNELS = ["Direct", "Paid Search", "Organic Search", "Referral", "Email", "AI Assistants", "Unassigned"]
DIMENSIONS = ["channel", "source", "medium", "campaign", "landing_page", "referrer_domain"]
CONVERSIONS = ["signup", "business", "first_call", "subscription", "payment", "refund"]
MODELS = ["first_touch", "last_touch", "last_non_direct", "last_paid", "linear", "position_based", "j_shaped", "inverse_j",
          "w_shaped", "time_decay", "participation", "data_driven", "markov", "shapley", "custom"]
TRANSFORMS = ["exposure", "unique", "first", "frequency", "trim", "remove_if_not_all", "remove_if_last_and_not_all"]
URLS = ["https://mrcall.ai/pricing?gclid=x&utm_source=google", "https://www.google.com/search?q=a%20b", "/pricing",
        "http://user:pw@xn--bcher-kva.example:8080/%e2%82%ac?a=b#c", "android-app://com.google.android.gm/"]
AGENTS = ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1", "Googlebot/2.1", "GPTBot/1.2", "curl/8.0"]
PATTERNS = ["(?1)(?2)", "(?1).*(?2)", "(?1)(?t<=3600)(?2)", "(?1)", "(?1).(?2).*(?3)"]
MODES = ["strict_increase", "strict_once", "strict_order", "strict_deduplication", "allow_reentry", "consecutive"]
PAGES = ["/", "/pricing", "/signup", "/blog/%"]
STEPS = ['[{"step": "a", "page": "/"}, {"step": "b", "page": "/pricing"}]',
         '[{"step": "a", "event": "page_view"}, {"step": "b", "event": ["signup", "click"]}]', '[{"step": "a", "page": "/%"}]',
         '[{"step": "a", "page": "/"}, {"step": "b", "page": "/pricing%", "utm_source": "google"}, {"step": "c", "properties": {}}]']

STRIPE = ('{"type": "invoice.paid", "created": 1770000000, "livemode": true, "data": {"object": {"id": "in_1", "subscription": '
          '"sub_1", "charge": "ch_1", "customer": "cus_1", "amount_paid": 2900, "currency": "eur"}}}')
# Since 2025-03-31 only the invoice payment says which payment intent paid which invoice.
MONEY = [
    '{"type": "invoice.paid", "created": 1770000000, "livemode": true, "data": {"object": {"id": "in_2", "status": "paid", "parent": '
    '{"subscription_details": {"subscription": "sub_1"}}, "amount_paid": 2900, "currency": "eur"}}}',
    '{"type": "invoice_payment.paid", "created": 1770000000, "livemode": true, "data": {"object": {"id": "inpay_2", "invoice": "in_2", '
    '"payment": {"type": "payment_intent", "payment_intent": "pi_2"}, "amount_paid": 2900}}}',
    '{"type": "charge.refunded", "created": 1770100000, "livemode": true, "data": {"object": {"id": "ch_2", "payment_intent": "pi_2", '
    '"amount_refunded": 900, "currency": "eur"}, "previous_attributes": {"amount_refunded": 0}}}',
    '{"type": "refund.failed", "created": 1770200000, "livemode": true, "data": {"object": {"id": "re_2", "charge": "ch_2", '
    '"payment_intent": "pi_2", "amount": 900, "currency": "eur", "created": 1770100000, "status": "failed"}}}',
    '{"type": "charge.dispute.funds_reinstated", "created": 1770200000, "livemode": true, "data": {"object": {"id": "du_2", "status": "won", '
    '"charge": "ch_2", "payment_intent": "pi_2", "amount": 2900, "currency": "eur", "created": 1770100000}}}',
    '{"type": "credit_note.created", "created": 1770200000, "livemode": true, "data": {"object": {"id": "cn_2", "invoice": "in_2", '
    '"out_of_band_amount": 100, "amount": 100, "currency": "eur", "refunds": []}}}',
    '{"notificationType": "REFUND", "data": {"environment": "Production", "transactionInfo": {"transactionId": "1", "price": 9990, '
    '"inAppOwnershipType": "PURCHASED", "currency": "USD", "purchaseDate": 1770000000000, "revocationDate": 1770100000000, '
    '"revocationPercentage": 33333}}}',
]
APPLE = ('{"notificationType": "DID_RENEW", "data": {"environment": "Production", "signedTransactionInfo": {"transactionId": "1", '
         '"originalTransactionId": "1", "price": 9990, "currency": "USD", "purchaseDate": 1770000000000}}}')
MAPPINGS = ["{}", '{"events": {"table": null}}', '{"calls": {"columns": {"outcome": "data->>\'x\'"}}}',
            '{"events": {"columns": {"page_url": "page_url"}}}']


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def typed(text, type_name):
    return f"{literal(text)}::{type_name}"


NASTY_TEXTS = [
    "", " ", "a", "NULL", "null", "(not set)", "undefined", "\\", "\\x", "\\x00", "'", "\"", "''", ";", "--", "$$", "%", "_", "%%%", "{",
    "}", "[", "]", "()", "{}", "{NULL}", "{{}}", "[]", "{\"a\":", "\t", "\n", "\r\n", "\u0001", "\u007f", "\u0085", "\u00a0", "\u200b",
    "\u202e", "\ufeff", "\ufffd", "\U0010ffff", "é", "e\u0301", "ß", "İ", "ı", "ǅ", "日本語", "👩‍👩‍👧‍👦", "مرحبا", "0", "-0", "-1", "1", "1e309",
    "1e-400", "NaN", "Infinity", "-infinity", "0x10", "1_000", "9223372036854775808", "99999999999999999999999999", "١٢٣", "true", "t",
    "yes", "today", "now", "epoch", "infinity", "2026-02-30", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00+99", "1770000000",
    "1770000000000", "Europe/Rom3", "europe/rome", "EST5EDT", "UTC+99", "+25:00", "posixrules", "Factory", "localtime", "<X>-1",
    "pg_class", "mrcall.events", "public.website_events", "pg_catalog.pg_class", "\"", "a.b.c.d", "public.\"", "pg_sleep(0)",
    "1/0", "(SELECT 1)", "count(*)", "$.a", "$.a ? (@ > 1)", "$[*]", "strict $", "(?1", "(?0)", "(?99)", "(?t)", "(?t<)", "(?t<=-1)",
    "(?t<=99999999999999999999)", "(?1)*", ".*", "...", "(?1)(?t>=1)", "*", "+", "?", "^", "|", "(.*)*", "(a+)+$", "[a", "\\d", "http://",
    "https://", "//", "//a", "http:///", "http://[::1]", "http://[", "http://a:99999/", "http://a b/", "https://%", "https://%zz/%",
    "https://a/?", "https://a/?=&&=&utm_source", "https://a/?utm_source=%00", "https://a/?utm_source=%ff%fe", "https://a/#", "https://.",
    "https://..", "https://co.uk", "https://-a-/", "https://xn--/", "https://xn--a-/", "https://1.2.3.4", "https://0x7f000001/",
    "javascript:alert(1)", "mailto:a@b", "data:,", "about:blank", "+39 055 123", "sip:anonymous@anonymous.invalid", "tel:", "anonymous",
    "eyJ.eyJ.x", "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "..", "in_1:1", "first_touch ", "LINEAR", "signup\u0000".replace("\u0000", "\\0"),
    "fuzz_reader", "public", "demo", "postgres", "PUBLIC", "pg_read_all_data", "1 day", "-1 day", "P1D", "device",
    "entry_page", "w_shaped", "custom", "data_driven", "total", "exposure",
]

LONG_TEXTS = [
    "repeat('x', 100000)", "repeat('é', 50000)", "repeat('%41', 30000)", "repeat('(', 5000)", "repeat('(?1)', 3000)", "repeat('.*', 2000)",
    "repeat('[', 3000)", "'https://' || repeat('a.', 20000) || 'com/'", "'https://a/' || repeat('/b', 20000)",
    "'https://a/?' || repeat('utm_source=a&', 5000)", "'https://' || repeat('é', 10000) || '.example/'", "repeat('9', 5000)",
    "'0.' || repeat('9', 5000)", "repeat('/', 10000)", "repeat('Mozilla/5.0 ', 5000)", "repeat('{', 2000)", "repeat(E'\\\\', 9999)",
]

NASTY = {
    "text": [literal(t) for t in NASTY_TEXTS] + LONG_TEXTS,
    "timestamp with time zone": [literal(t) for t in [
        "infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "2000-01-01 00:00:00+00", "1970-01-01+00",
        "0001-01-01 00:00:00+00 BC", "1999-12-31 23:59:59.999999+00", "2026-03-29 01:00:00+00", "2026-10-25 00:59:59.999999+00",
        "1900-01-01 00:00+00", "9999-12-31+00", "2026-05-01 00:00:00.000001+00", "1582-10-10+00", "2011-12-30 00:00 Pacific/Apia"]],
    "timestamp without time zone": [literal(t) for t in [
        "infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "2000-01-03", "2026-03-29 02:30",
        "2026-01-31 04:00", "2026-02-29 00:00", "2026-01-01 00:00:00.000001"]],
    "date": [literal(t) for t in [
        "infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "2000-01-01", "2026-03-29", "2011-12-30", "0001-01-01 BC"]],
    "interval": [literal(t) for t in [
        "0", "-1 microsecond", "1 microsecond", "-1 day", "1 month", "-1 month", "1 month 1 day", "1 month -30 days", "1 day -24 hours",
        "2147483647 days", "-2147483648 days", "178000000 years", "-178000000 years", "2562047788 hours", "-2562047788 hours",
        "9223372036854775807 microseconds", "2147483647 months", "infinity", "-infinity", "1 second", "59 minutes 59.999999 seconds",
        "100000 years", "3 days 4 hours", "24 hours", "23 hours", "7 days 1 microsecond", "1 year", "13 months"]],
    "integer": ["0", "-1", "1", "2", "3", "2147483647", "(-2147483648)", "1000000", "31", "32", "64", "1001", "255", "65536"],
    "bigint": ["0", "-1", "1", "2", "9223372036854775807", "(-9223372036854775808)", "4294967296", "2147483648", "1000000000000"],
    "smallint": ["0", "-1", "32767", "(-32768)"],
    "double precision": [literal(t) for t in [
        "NaN", "Infinity", "-Infinity", "0", "-0", "1", "-1", "0.5", "0.1", "1e308", "-1e308", "4.9e-324", "1e-308", "1.0000000000000002",
        "0.9999999999999999", "9007199254740993", "100"]],
    "numeric": [literal(t) for t in [
        "NaN", "Infinity", "-Infinity", "0", "-0.00", "1", "-1", "0.001", "0.5", "1e130", "-1e130", "1e-130", "12345678901234567890.123456789",
        "1e20", "99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", "1e1000"]],
    "boolean": ["true", "false"],
    "jsonb": [literal(t) for t in [
        "{}", "[]", "null", "true", "0", "-0.0", "1e400", "\"\"", "\"a\"", "[[]]", "[{}]", "[null]", "{\"a\": null}", "{\"\": {}}", "[1, 2, 3]",
        "{\"page\": 1}", "[{\"page\": null}]", "[{\"step\": \"x\"}]", "[{\"step\": \"a\"}, {\"step\": \"a\"}]", "[{\"step\": \"a\", \"page\": \"\\\\\"}]",
        "[{\"step\": \"a\", \"event\": [null]}]", "[{\"step\": \"a\", \"properties\": 1}]", "[{\"event_type\": {}}]", "[{\"page\": \"/\", \"extra\": 1}]",
        "[{\"name\": \"a\"}]", "{\"events\": 1}", "{\"events\": {}}", "{\"events\": {\"table\": 1}}", "{\"events\": {\"table\": \"\"}}",
        "{\"events\": {\"table\": \"pg_class\"}}", "{\"events\": {\"table\": \"no.such\"}}", "{\"events\": {\"columns\": []}}",
        "{\"events\": {\"columns\": {\"nope\": \"x\"}}}", "{\"events\": {\"columns\": {\"visitor_id\": \"1/0\"}}}",
        "{\"events\": {\"columns\": {\"visitor_id\": \"count(*)\"}}}", "{\"events\": {\"columns\": {\"visitor_id\": \"');--\"}}}",
        "{\"events\": {\"columns\": {\"occurred_at\": \"'x'::text\"}}}", "{\"calls\": {\"columns\": {\"outcome\": \"$.a[*\"}}}",
        "{\"calls\": {\"columns\": {\"outcome\": {\"document\": \"data\", \"path\": [1]}}}}", "{\"nope\": {}}",
        "{\"website_session_ids\": 1}", "{\"website_session_ids\": [null, 1, {}]}", "{\"website_session_id\": {}}",
        "{\"data\": {\"object\": []}}", "{\"type\": \"invoice.paid\", \"data\": {\"object\": {\"id\": {\"id\": {}}}}}",
        "{\"signedPayload\": \"a.b.c\"}", "{\"signedPayload\": \"eyJ.e30.\"}", "{\"signedPayload\": {\"data\": 1}}",
        "{\"type\": \"charge.refunded\", \"created\": 1e300, \"data\": {\"object\": {\"amount_refunded\": -1, \"refunds\": {\"data\": [1]}}}}",
        "{\"data\": {\"signedTransactionInfo\": {\"price\": \"x\", \"purchaseDate\": 1e18}}}"]] + [
        "(repeat('[', 1000) || repeat(']', 1000))::jsonb", "(repeat('{\"a\":', 1000) || '1' || repeat('}', 1000))::jsonb",
        "to_jsonb(repeat('x', 100000))", "(SELECT jsonb_agg(n) FROM generate_series(1, 20000) AS n)",
        "(SELECT jsonb_object_agg(n, n) FROM generate_series(1, 5000) AS n)"],
    "bytea": ["'\\x'", "'\\x00'", "'\\xff'", "'\\x0000000000000000'", "'\\xffffffffffffffff'", "decode(repeat('00', 4096), 'hex')",
              "decode(repeat('ff', 4096), 'hex')", "decode(repeat('80', 100), 'hex')",
              "'\\x0000000000000000010000c00100000001000000'"],
    "name": ["'pg_class'", "''", "'public'", "'no such'", "'fuzz_reader'", "'PUBLIC'", "'demo'", "'\"'", "repeat('x', 63)"],
    "regclass": ["'pg_class'", "0", "'public.website_events'", "'mrcall.events'", "4294967295", "'public.sessions'"],
    "oid": ["0", "1", "4294967295"],
    "cstring": ["''", "'\\x'", "'x'"],
}
NASTY["character varying"] = NASTY["text"]

PLAUSIBLE = {
    "text": ["'a'", "'Direct'", "'google'", "'/pricing'", "'UTC'"],
    "timestamp with time zone": [literal(t) for t in [
        "2026-02-01+00", "2026-03-01+00", "2026-03-28 23:00+00", "2026-04-01+00", "2026-05-01+00", "2026-05-17 12:34:56.789+00", "2026-06-01+00"]],
    "timestamp without time zone": ["'2000-01-02'", "'2026-01-01 04:00'", "NULL"],
    "date": ["'2026-03-01'", "'2026-03-29'", "'2026-05-01'", "'2026-06-01'"],
    "interval": ["'1 day'", "'1 hour'", "'7 days'", "'30 days'", "'30 minutes'", "'1 month'"],
    "integer": ["1", "2", "5", "20", "100"],
    "bigint": ["1", "7", "100", "0"],
    "smallint": ["1"],
    "double precision": ["0.4", "0.5", "0.2", "0.95", "1"],
    "numeric": ["1", "29.00", "1234.56", "0"],
    "boolean": ["true", "false"],
    "jsonb": [*map(literal, (STRIPE, APPLE, *MONEY)), "'{}'", '\'{"website_session_ids": ["browser-1", "browser-2"]}\''],
    "bytea": ["'\\x00'"],
    "name": ["'fuzz_reader'"],
    "regclass": ["'public.website_events'", "'public.sessions'"],
    "oid": ["'pg_class'::regclass::oid"],
    "cstring": ["'\\x00'"],
}
PLAUSIBLE["character varying"] = PLAUSIBLE["text"]

BY_NAME = {
    "since": ["'2026-02-01+00'", "'2026-03-28 23:00+00'", "'2026-04-01'", "'2026-04-17 12:34:56.789+00'"],
    "until": ["'2026-05-01+00'", "'2026-05-17 01:00+00'", "'2026-06-01'"],
    "as_of": ["'2026-06-01+00'", "'2026-05-17 12:00+00'"],
    "zone": [literal(z) for z in ZONES],
    "model": [literal(m) for m in MODELS],
    "models": ["'{last_touch,linear}'", "'{time_decay}'", "NULL"],
    "conversion": [literal(c) for c in CONVERSIONS],
    "kind": [literal(c) for c in CONVERSIONS],
    "dimension": [literal(d) for d in DIMENSIONS] + ["NULL"],
    "by": [literal(d) for d in DIMENSIONS] + ["'first_seen'", "'device'", "'entry_page'"],
    "transform": [literal(t) for t in TRANSFORMS] + ["NULL"],
    "argument": ["'2'", "'Direct'", "NULL"],
    "game": ["'total'", "'rate'", "'conditional'"],
    "width": ["'1 day'", "'7 days'", "'1 month'", "'1 hour'", "'6 hours'", "'1 year'"],
    "gap": ["'30 minutes'", "'1 hour'", "'10 minutes'"],
    "lookback": ["'30 days'", "'7 days'", "'1 day'"],
    "half_life": ["'7 days'", "'1 day'"],
    "within": ["'1 day'", "'7 days'", "'1 hour'"],
    "max_gap": ["'1 hour'", "NULL"],
    "origin": ["NULL", "'2000-01-02'", "'2000-01-03 04:00'"],
    "steps": [literal(s) for s in STEPS],
    "modes": ["NULL"] + [f"'{{{m}}}'" for m in MODES] + ["'{strict_order,allow_reentry}'"],
    "pattern": [literal(p) for p in PATTERNS],
    "weights": ["NULL", "'{1,2,1}'", "'{0.5,0.5}'", "'{1}'"],
    "first_weight": ["0.4", "0.2", "0"],
    "last_weight": ["0.4", "0.2", "0"],
    "markov_order": ["1", "2", "3"],
    "replicates": ["10", "50"],
    "level": ["0.95", "0.5"],
    "periods": ["8", "3", "0"],
    "most": ["20", "1"],
    "depth": ["5", "2"],
    "scale": ["2", "0", "6"],
    "precision": ["12", "4", "16"],
    "fraction": ["0.5", "0.95", "0", "1"],
    "channel": [literal(c) for c in CHANNELS],
    "channels": ["'{Direct,Email,Paid Search}'", "'{Direct}'"],
    "path": ["'{Direct,Email,Direct}'", "'{Paid Search}'", "'{}'", "'{a,b,c}'"],
    "exclude_channels": ["NULL", "'{Direct}'"],
    "include_channels": ["NULL", "'{Direct,Email,Referral}'"],
    "exclude_campaigns": ["NULL", "'{spring}'"],
    "include_campaigns": ["NULL", "'{spring,(not set)}'"],
    "exclude_referrers": ["NULL", "'{google.com}'"],
    "exclude_visitors": ["NULL", "'{browser-1}'"],
    "conditions": ["'{t,f}'", "'{f,t,t}'", "'{t,t,t}'", "'{f,f}'"],
    "url": [literal(u) for u in URLS],
    "page_url": [literal(u) for u in URLS],
    "referrer": [literal(u) for u in URLS] + ["NULL"],
    "user_agent": [literal(a) for a in AGENTS],
    "name": ["'utm_source'", "'q'", "'gap'"],
    "currency": ["'eur'", "'jpy'", "'kwd'", "NULL"],
    "outcome": ["'booked'", "'missed'", "NULL"],
    "about": ["NULL", "'funnel'"],
    "mapping": [literal(m) for m in MAPPINGS],
    "role": ["'fuzz_reader'"],
    "website_session_id": ["'browser-12345'"],
    "batch": ["100", "1"],
    "dry_run": ["true", "false"],
    "touched_at": ["'{2026-05-01,2026-05-02,2026-05-03}'"],
    "page": [literal(p) for p in PAGES],
    "amount": ["100.00", "1", "-29.90"],
    "model_weights": ["NULL"],
}


class Values:
    """Draws arguments. `pools`: expressions by type, or by name and type, that come from the database: states, sets, ids."""

    def __init__(self, types, pools, by_name):
        self.types, self.pools = types, pools
        self.by_name = {**BY_NAME, **by_name}
        self.fitting = {}

    def prepare(self, arguments, works):
        """Leaves out what this server does not read as a value of its type; `works` says it of an expression."""
        for table in (NASTY, PLAUSIBLE):
            for type_name, expressions in table.items():
                table[type_name] = [e for e in expressions if works(f"({e})::{type_name}")]
        for name, type_id in sorted(arguments):
            type_name = self.types[type_id]["name"]
            if name in self.by_name and not self.types[type_id]["attributes"]:
                found = [f"({e})::{type_name}" for e in self.by_name[name]]
                self.fitting[name, type_name] = [e for e in found if works(e)]

    def plausible(self, rng, name, type_id, level=0):
        kind = self.types[type_id]
        fitting = self.fitting.get((name, kind["name"]))
        return rng.choice(fitting) if fitting else self._some(rng, kind, name, level, self.plausible, PLAUSIBLE)

    def nasty(self, rng, name, type_id, level=0):
        if rng.random() < 0.12:
            return f"NULL::{self.types[type_id]['name']}"
        return self._some(rng, self.types[type_id], name, level, self.nasty, NASTY)

    def _some(self, rng, kind, name, level, draw, table):
        type_name = kind["name"]
        if kind["category"] == "A":
            return self._array(rng, kind, name, level, draw, table is NASTY)
        if kind["attributes"]:
            if level > 3 or rng.random() < 0.05:
                return f"NULL::{type_name}"
            parts = ", ".join(draw(rng, n, t, level + 1) for n, t in kind["attributes"])
            return f"ROW({parts})::{type_name}"
        pool = self.pools.get((name, type_name)) or self.pools.get(type_name)
        if pool and (table is PLAUSIBLE or rng.random() < 0.5):
            return rng.choice(pool)
        choices = table.get(type_name)
        if not choices:
            return f"NULL::{type_name}"
        return f"({rng.choice(choices)})::{type_name}"

    def _array(self, rng, kind, name, level, draw, is_nasty):
        type_name, element = kind["name"], kind["element"]
        shape = rng.random() if is_nasty else 0.99
        if shape < 0.06:
            return f"'{{}}'::{type_name}"
        if shape < 0.12:
            return f"ARRAY[NULL]::{type_name}"
        if shape < 0.22:
            a, b, c, d = (draw(rng, "", element, level + 1) for _ in range(4))
            return f"ARRAY[[{a}, {b}], [{c}, {d}]]::{type_name}"
        if shape < 0.28:
            return f"array_fill({draw(rng, '', element, level + 1)}, ARRAY[2], ARRAY[{rng.choice(['0', '-2147483648', '7', '2147483646'])}])::{type_name}"
        if shape < 0.36:
            return f"array_fill({self.plausible(rng, '', element, level + 1)}, ARRAY[{rng.choice([33, 300, 5000])}])::{type_name}"
        size = rng.choice([1, 1, 2, 3, 5])
        return f"ARRAY[{', '.join(draw(rng, '', element, level + 1) for _ in range(size))}]::{type_name}"
