"""What is asked after each step: every report and view with arguments at random, many of them on the edges of the stored visits."""

from steps import VISITORS, text

MODELS = ["first_touch", "last_touch", "last_non_direct", "last_paid", "linear", "position_based", "w_shaped", "time_decay", "participation",
          "data_driven", "markov", "shapley"]
KINDS = ["signup", "business", "first_call", "subscription", "payment", "refund", "goal:click", "goal:shop"]
DIMENSIONS = ["channel", "source", "medium", "campaign", "landing_page", "referrer_domain"]
WIDE = ("timestamptz '2000-01-01'", "timestamptz '2100-01-01'")


class Asker:
    def __init__(self, rng, marks):
        self.rng = rng
        self.marks = marks or ["2026-01-01 00:00:00+00"]

    def at(self):
        rng = self.rng
        mark = self.marks[0] if rng.random() < 0.35 else rng.choice(self.marks)
        shift = rng.choice(["", "", " + interval '1 us'", " - interval '1 us'", " - interval '30 min'", " + interval '30 min'",
                            " - interval '30 min 1 us'", " + interval '7 hours'", " - interval '24 hours'", " - interval '2 days'"])
        return f"timestamptz '{mark}'{shift}"

    def span(self):
        """A range that is not empty."""
        one, two = self.at(), self.at()
        if self.rng.random() < 0.25:
            return WIDE
        return f"least({one}, {two})", f"greatest({one}, {two}) + interval '1 us'"

    def visitor(self):
        return text(self.rng.choice([v for v in VISITORS if v is not None] + ["x1-7", "nobody"]))

    def visitors(self):
        return ", ".join(self.visitor() for _ in range(self.rng.randint(1, 4)))

    def always(self):
        """The views as a whole: what is wrong anywhere shows in them."""
        visits, touches = ("visits", "SELECT * FROM mrcall.visits"), ("touches", "SELECT * FROM mrcall.touches")
        return [visits, touches] if self.rng.random() < 0.3 else [visits]

    def some(self, count):
        return [self.question() for _ in range(count)]

    def question(self):
        kind = self.rng.choice(WEIGHTED)
        return kind, getattr(self, kind)()

    # The views

    def condition(self, column="started_at"):
        rng = self.rng
        since, until = self.span()
        return rng.choice([
            f"visitor_id = {self.visitor()}", f"visitor_id = {self.visitor()}", f"visitor_id IN ({self.visitors()})",
            f"visitor_id = ANY (ARRAY[{self.visitors()}])", f"{column} >= {since} AND {column} < {until}", f"{column} >= {self.at()}",
            f"{column} < {self.at()}", f"{column} = {self.at()}", f"visitor_id = {self.visitor()} AND {column} >= {self.at()}",
            f"visitor_id > {self.visitor()}", f"channel = 'Direct' AND {column} <= {self.at()}", f"{column} BETWEEN {since} AND {until}",
            f"visitor_id = {self.visitor()} OR {column} > {self.at()}", f"NOT visitor_id = {self.visitor()}", "false",
            f"visitor_id LIKE {self.visitor()}", f"visitor_id IN (SELECT i.visitor_id FROM mrcall.identities AS i)"])

    def one_visitor(self):
        return f"SELECT * FROM mrcall.{self.rng.choice(['visits', 'touches'])} WHERE visitor_id = {self.visitor()}"

    def some_visits(self):
        return f"SELECT * FROM mrcall.visits WHERE {self.condition()}"

    def some_touches(self):
        return f"SELECT * FROM mrcall.touches WHERE {self.condition('touched_at')}"

    def touched(self):
        return f"SELECT visitor_id, visit_no, touched_at, rule FROM mrcall.visits WHERE {self.condition('touched_at')}"

    def counts(self):
        rng = self.rng
        return rng.choice([
            "SELECT count(*) FROM mrcall.visits", f"SELECT count(*) FROM mrcall.visits WHERE {self.condition()}",
            "SELECT channel, count(*), sum(events) FROM mrcall.visits GROUP BY channel", "SELECT max(visit_no) FROM mrcall.visits",
            "SELECT DISTINCT visitor_id FROM mrcall.touches", "SELECT min(started_at), max(ended_at) FROM mrcall.visits",
            f"SELECT EXISTS (SELECT FROM mrcall.visits WHERE {self.condition()})"])

    def composed(self):
        rng = self.rng
        return rng.choice([
            "SELECT a.visitor_id, a.visit_no, b.started_at - a.ended_at AS pause FROM mrcall.visits AS a JOIN mrcall.visits AS b "
            f"ON b.visitor_id = a.visitor_id AND b.visit_no = a.visit_no + 1 WHERE a.{self.condition()}",
            "SELECT v.*, row_number() OVER (PARTITION BY v.visitor_id ORDER BY v.started_at) FROM mrcall.visits AS v",
            f"SELECT i.customer_id, l.* FROM mrcall.identities AS i, LATERAL (SELECT v.started_at, v.channel FROM mrcall.visits AS v "
            f"WHERE v.visitor_id = i.visitor_id AND v.started_at < {self.at()} ORDER BY v.started_at DESC LIMIT 1) AS l",
            f"SELECT t.* FROM mrcall.touches AS t LEFT JOIN mrcall.visits AS v USING (visitor_id) WHERE v.{self.condition()}",
            f"SELECT visitor_id FROM mrcall.visits WHERE {self.condition()} UNION ALL SELECT visitor_id FROM mrcall.touches",
            f"WITH v AS MATERIALIZED (SELECT * FROM mrcall.visits WHERE {self.condition()}) SELECT a.*, b.channel FROM v AS a JOIN v AS b "
            "USING (visitor_id, visit_no)",
            f"SELECT * FROM mrcall.visits ORDER BY started_at DESC, visitor_id COLLATE \"C\" LIMIT {rng.randint(1, 5)}",
            "SELECT f.visit_no, v.visit_no FROM mrcall.visits AS f FULL JOIN mrcall.sessionize('2000-01-01', '2100-01-01') AS v "
            "USING (visitor_id, started_at)"])

    def events(self):
        return f"SELECT * FROM mrcall.events WHERE visitor_id = {self.visitor()}"

    # Functions

    def visits_of(self):
        since, until = self.span()
        rng = self.rng
        return (f"SELECT * FROM mrcall.visits_of(ARRAY[{self.visitors()}], {rng.choice(['NULL', since])}, {rng.choice(['NULL', until])})")

    def sessionize(self):
        since, until = self.span()
        gap = self.rng.choice(["", "", "", ", '5 minutes'", ", '30 minutes 1 us'", ", '0'"])
        return f"SELECT * FROM mrcall.sessionize({since}, {until}{gap})"

    def zone(self):
        return self.rng.choice(["UTC", "Europe/Rome", "Asia/Kolkata", "America/New_York"])

    def short_span(self):
        since, until = self.span()
        return (f"greatest({since}, timestamptz '{self.marks[0]}' - interval '5 days')",
                f"least(greatest({until}, timestamptz '{self.marks[0]}' - interval '4 days'), timestamptz '{self.marks[0]}' + interval '5 days')")

    def visitor_buckets(self):
        rng = self.rng
        since, until = self.short_span()
        width = rng.choice(["1 day", "1 hour", "6 hours", "7 days", "1 month", "15 minutes"])
        dimension = rng.choice(["NULL"] * 2 + [text(d) for d in DIMENSIONS + ["device", "entry_page"]])
        more = rng.choice(["", "", ", exclude_bots => true", ", gap => '10 minutes'", ", origin => '2000-01-02 04:00'"])
        if width == "15 minutes" or "origin" in more:
            more = ""
        return f"SELECT * FROM mrcall.visitor_buckets('{width}', {since}, {until}, '{self.zone()}', {dimension}{more})"

    def lookback(self):
        return self.rng.choice(["30 days", "30 days", "1 day", "5 hours", "30 minutes"])

    def more(self):
        return self.rng.choice([""] * 5 + [", exclude_bots => true", ", restart => true", ", exclude_channels => '{Direct}'",
                                           ", gap => '10 minutes'", ", exclude_visitors => '{v1}'"])

    def attribution(self):
        rng = self.rng
        since, until = self.span()
        return (f"SELECT * FROM mrcall.attribution({since}, {until}, '{rng.choice(MODELS)}', '{rng.choice(KINDS)}', "
                f"'{self.lookback()}', '{rng.choice(DIMENSIONS)}'{self.more()})")

    def attribution_models(self):
        since, until = self.span()
        return (f"SELECT * FROM mrcall.attribution_models({since}, {until}, '{self.rng.choice(KINDS)}', '{self.lookback()}', "
                f"'{self.rng.choice(DIMENSIONS)}'{self.more()})")

    def conversion_paths(self):
        since, until = self.span()
        return (f"SELECT * FROM mrcall.conversion_paths({since}, {until}, '{self.rng.choice(KINDS)}', '{self.lookback()}', "
                f"'{self.rng.choice(DIMENSIONS)}'{self.more()})")

    def assisted_conversions(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.assisted_conversions({since}, {until}, '{self.rng.choice(KINDS)}', '{self.lookback()}'{self.more()})"

    def time_to_convert(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.time_to_convert({since}, {until}, '{self.rng.choice(KINDS)}', '{self.lookback()}'{self.more()})"

    def attribution_interval(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.attribution_interval({since}, {until}, 'linear', 'signup', replicates => 5)"

    def roas(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.roas({since}, {until}, 'payment', '{self.lookback()}')"

    def ai_traffic(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.ai_traffic('1 day', {since}, {until}, 'Europe/Rome', '{self.lookback()}')"

    def click_conversions(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.click_conversions({since}, {until}, '{self.rng.choice(KINDS)}', 'linear', '{self.lookback()}')"

    def explain_conversion(self):
        kind, key = self.rng.choice([("signup", "c1"), ("signup", "c2"), ("business", "b1"), ("business", "b3"), ("subscription", "sub_1"),
                                     ("payment", "in_1_1"), ("payment", "in_2_2"), ("signup", "c5")])
        return f"SELECT * FROM mrcall.explain_conversion('{kind}', '{key}', '{self.lookback()}'{self.more()})"

    def conversions(self):
        return f"SELECT * FROM mrcall.conversions WHERE conversion = '{self.rng.choice(KINDS)}'"

    def top_pages(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.top_pages({since}, {until}, 20{self.rng.choice(['', ', exclude_bots => true', ', gap => interval $$5 min$$'])})"

    def cohorts(self):
        since, until = self.short_span()
        by = self.rng.choice(["first_seen", "channel", "source"])
        return f"SELECT * FROM mrcall.cohorts({since}, {until}, '{self.rng.choice(['1 day', '7 days'])}', '{self.zone()}', '{by}')"

    def lifecycle(self):
        since, until = self.short_span()
        return f"SELECT * FROM mrcall.lifecycle('{self.rng.choice(['1 day', '7 days'])}', {since}, {until}, '{self.zone()}')"

    def page_flow(self):
        since, until = self.span()
        return f"SELECT * FROM mrcall.page_flow({since}, {until}{self.rng.choice(['', ', exclude_bots => true', ', nodes => 2'])})"

    def funnel(self):
        since, until = self.span()
        dimension = self.rng.choice(["", ", dimension => 'channel'", ", exclude_bots => true", ", dimension => 'source'"])
        return (f"SELECT * FROM mrcall.funnel({since}, {until}, '[{{\"step\": \"visit\"}}, {{\"step\": \"pricing\", \"page\": \"/p%\"}}]'{dimension})")

    def funnel_trend(self):
        since, until = self.short_span()
        dimension = self.rng.choice(["", ", dimension => 'channel'", ", dimension => 'landing_page'", ", exclude_bots => true"])
        return (f"SELECT * FROM mrcall.funnel_trend('1 day', {since}, {until}, '[{{\"step\": \"visit\"}}, "
                f"{{\"step\": \"pricing\", \"page\": \"/p%\"}}]', zone => '{self.zone()}'{dimension})")

    def activity(self):
        since, until = self.short_span()
        bots = self.rng.choice(["", ", exclude_bots => true"])
        return self.rng.choice([f"SELECT * FROM mrcall.lifecycle('1 day', {since}, {until}, '{self.zone()}'{bots})",
                                f"SELECT * FROM mrcall.active_visitors({since}, {until}, '{self.zone()}'{bots})",
                                f"SELECT * FROM mrcall.stickiness('1 day', {since}, {until}, '{self.zone()}'{bots})"])

    def call_summary(self):
        since, until = self.short_span()
        return f"SELECT * FROM mrcall.call_summary('1 day', {since}, {until}, '{self.zone()}', {self.rng.choice(['NULL', text('b1')])})"

    def callers(self):
        since, until = self.short_span()
        return f"SELECT * FROM mrcall.callers({since}, {until})"

    def business_health(self):
        return f"SELECT * FROM mrcall.business_health({self.at()})"


# Journeys take ten times as long as a view.
WEIGHTED = (["one_visitor"] * 6 + ["some_visits"] * 10 + ["some_touches"] * 6 + ["touched"] * 4 + ["counts"] * 4 + ["composed"] * 5
            + ["visits_of"] * 6 + ["sessionize"] * 8 + ["visitor_buckets"] * 8 + ["attribution"] * 3 + ["attribution_models"] * 2
             + ["conversion_paths"] * 2 + ["top_pages"] * 2 + ["cohorts"] * 2 + ["lifecycle", "page_flow"] + ["funnel"] * 2
             + ["explain_conversion", "assisted_conversions", "time_to_convert", "attribution_interval", "roas", "ai_traffic",
                "click_conversions", "conversions", "events",
               "call_summary", "callers", "business_health", "funnel_trend", "activity"])
# What reads visits: in a whole run each must have been answered from stored ones at least once.
FROM_FACTS = ["visits", "touches", "one_visitor", "some_visits", "some_touches", "visits_of", "sessionize"]
