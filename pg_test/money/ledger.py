"""What a provider's model writes down: its deliveries, what each of them says, and what moved in truth."""

import uuid
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

# Digits of the minor unit in Stripe's documents, by its page on currencies: ISO 4217, but for ISK and UGX, which have no minor
# unit and are written with two digits all the same; a charge of either is a multiple of 100.
DIGITS = {"eur": 2, "usd": 2, "gbp": 2, "brl": 2, "huf": 2, "twd": 2, "isk": 2, "ugx": 2, "jpy": 0, "krw": 0, "clp": 0, "vnd": 0,
          "xof": 0, "kwd": 3, "bhd": 3, "jod": 3, "tnd": 3}
# The smallest step of an amount: whole units of ISK and UGX; the last of three decimals is always zero.
STEP = {"isk": 100, "ugx": 100, "kwd": 10, "bhd": 10, "jod": 10, "tnd": 10}
DAY = 86400


def units(minor, currency):
    return Decimal(minor).scaleb(-DIGITS[currency.lower()])


def round_to(amount, digits):
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@dataclass
class Delivery:
    """A document that the provider sends. `says` are the facts that can be read from it."""
    provider: str
    id: str
    type: str
    at: int
    document: object
    says: frozenset = frozenset()
    # Why doctor has to count it, and of what it is one where several are counted once.
    counted: str = None
    thing: str = None


@dataclass
class Row:
    """A movement, as the view of conversions should show it."""
    kind: str
    id: str
    business: str
    subscription: str
    at: int
    journey_at: int
    value: Decimal
    currency: str
    # Of a refund: its payment, and the payment intent.
    of: object = None
    through: str = None


@dataclass
class Subscription:
    id: str
    provider: str
    product: str
    business: str
    started_at: int
    trial_end: int = None
    # A trial that was cut short had another end before.
    first_trial_end: int = None
    trial_changed_at: int = None
    ended_at: int = None
    status: str = "active"
    list_value: Decimal = Decimal(0)
    currency: str = None
    first_payment: Row = None
    # Whether the host's table has it.
    known: bool = True


@dataclass
class History:
    """All that happens to one customer at one provider."""
    rng: object
    number: int
    provider: str
    start: int
    business: str = None
    customer: str = None
    deliveries: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    subscriptions: list = field(default_factory=list)
    products: dict = field(default_factory=dict)
    # Payments whose money back can't be placed, because what says so is lost.
    lost: set = field(default_factory=set)
    dropped: bool = False

    def __post_init__(self):
        self.serial = 0
        self.business = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        self.customer = f"customer-{self.number}"

    def token(self, prefix, length=22):
        """An id of the provider's kind; no two histories share one."""
        self.serial += 1
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        own = f"{self.number:x}x{self.serial:x}"
        return prefix + own + "".join(self.rng.choice(letters) for _ in range(length - len(own)))

    def digits(self, prefix):
        self.serial += 1
        return f"{prefix}{self.number:07d}{self.serial:04d}"

    def later(self, at, least, most):
        """Some days later, in the middle of a day of UTC, so that seconds between documents change no date."""
        day = at // DAY + self.rng.randint(least, most)
        return day * DAY + self.rng.randint(6 * 3600, 18 * 3600)

    def chance(self, probability):
        return self.rng.random() < probability

    def pay(self, key, subscription, at, value, currency, series=None):
        """`series` is what a payment without a subscription is one of."""
        row = Row("payment", key, self.business, subscription.id if subscription else series, at, at, value, currency.upper())
        if subscription:
            first = subscription.first_payment
            if first is None or at < first.at:
                subscription.first_payment = row
        self.rows.append(row)
        return row

    def give_back(self, payment, key, at, value, through=None):
        """Money back of a payment, through one of its charges; above zero where it comes in again."""
        if payment is not None:
            self.rows.append(Row("refund", key, self.business, payment.subscription, at, None, value, payment.currency, payment, through))

    def close(self):
        """Journeys end at the first payment of a subscription, which is known only now."""
        first = {}
        for row in self.rows:
            if row.kind == "payment" and row.subscription:
                first[row.subscription] = min(first.get(row.subscription, row), row, key=lambda r: r.at)
        for row in self.rows:
            payment = row.of or row
            row.journey_at = first.get(payment.subscription, payment).at
        for s in self.subscriptions:
            paid = first.get(s.id)
            at = s.started_at if s.trial_end is None else paid.at if paid else None
            if at is not None and s.known:
                # A first payment that comes later than a day after the start changes nothing of what was said then.
                if paid and (s.trial_end is not None or paid.at <= s.started_at + DAY):
                    value, currency = paid.value, paid.currency
                else:
                    value, currency = s.list_value, s.currency.upper()
                self.rows.append(Row("subscription", s.id, self.business, s.id, at, at, value, currency))
