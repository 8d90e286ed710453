"""The App Store as a state machine, with its Server Notifications V2.

Which notification says what: that a transaction was paid every one that shows it priced, purchased and not revoked; that it was
refunded every one that shows it revoked, and REFUND_REVERSED in so far as both together come to nothing; that this was taken back
REFUND_REVERSED alone. The part of the old period that an upgrade pays back is in no notification: it is not booked, doctor counts it.
"""

import base64
import json
import uuid
from decimal import Decimal

from ledger import DAY, DIGITS, Delivery, Subscription, round_to

STORES = {"USD": "USA", "EUR": "ITA", "JPY": "JPN", "KRW": "KOR", "GBP": "GBR", "TWD": "TWN", "CLP": "CHL", "BRL": "BRA", "HUF": "HUN"}
BUNDLE = "com.mrcall.app"
KINDS = {"sub": "Auto-Renewable Subscription", "consumable": "Consumable", "non": "Non-Consumable"}


def jws(payload):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    head = json.dumps({"alg": "ES256", "x5c": ["MIIB", "MIIC", "MIID"]}).encode()
    return ".".join((part(head), part(json.dumps(payload).encode()), part(bytes(64))))


class Store:
    def __init__(self, history):
        self.h, self.rng = history, history.rng
        self.environment, self.ownership, self.foreign = "Production", "PURCHASED", None
        # As delivered; decoded but for its transaction; decoded as a whole by the host.
        self.form = self.rng.choice(("signed", "signed", "payload", "decoded"))
        # What a percentage says came with version 2.20 of the notifications.
        self.percentages = self.chance(0.6)
        # Notifications of before the end of 2023 have no price: that is no money that could be booked.
        self.prices = self.chance(0.95)
        self.tokens = self.chance(0.8)
        # By transaction: from when on it is shown how.
        self.states = {}

    def chance(self, p):
        return self.rng.random() < p

    def send(self, kind, subtype, at, tx, says=(), data_extra=None):
        # Every notification shows the transaction as it is by then: refunded, or not any more.
        revoked, refunds = self.revoked(tx, at)
        info = dict(tx, signedDate=at * 1000, **revoked)
        if not self.prices:
            del info["price"], info["currency"]
        data = {"appAppleId": 1234567890, "bundleId": BUNDLE, "bundleVersion": "7.1", "environment": self.environment}
        if tx["type"] == KINDS["sub"]:
            renewal = {"originalTransactionId": tx["originalTransactionId"], "autoRenewProductId": tx["productId"],
                       "productId": tx["productId"], "autoRenewStatus": 1,
                       "signedDate": at * 1000, "environment": self.environment, "recentSubscriptionStartDate": tx["purchaseDate"],
                       "renewalDate": tx.get("expiresDate")}
            data["status"] = 1
        else:
            renewal = None
        if self.form == "decoded":
            data["transactionInfo"] = info
            if renewal:
                data["renewalInfo"] = renewal
        else:
            data["signedTransactionInfo"] = jws(info)
            if renewal:
                data["signedRenewalInfo"] = jws(renewal)
        data.update(data_extra or {})
        document = {"notificationType": kind, "notificationUUID": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
                    "data": data, "version": "2.0", "signedDate": at * 1000}
        if subtype:
            document["subtype"] = subtype
        key = document["notificationUUID"]
        if self.form == "signed":
            document = {"signedPayload": jws(document)}
        says, counted, thing = set(says), self.foreign, None
        if self.foreign or not self.prices:
            says = set()
        else:
            says |= refunds
            if tx["price"] and not revoked:
                says.add(("paid", tx["transactionId"]))
        if not self.foreign and subtype == "UPGRADE":
            counted, thing = "upgrade", tx["transactionId"]
        self.h.deliveries.append(Delivery("apple", key, kind, at, document, frozenset(says), counted, thing))

    def revoked(self, tx, at):
        """What a transaction shows of refunds at a time, and the facts that this says."""
        shown, says = {}, set()
        for since, fields, facts in self.states.get(tx["transactionId"], ()):
            if since <= at:
                shown, says = fields, facts
        return shown, says

    def play(self):
        self.subscription(self.h.later(self.h.start, 0, 40))
        if self.chance(0.4):
            self.purchase(self.h.later(self.h.start, 5, 150))
        if self.chance(0.15):
            self.beside("sandbox")
        if self.chance(0.15):
            self.beside("family")

    def beside(self, reason):
        self.foreign = reason
        if reason == "sandbox":
            self.environment = self.rng.choice(("Sandbox", "Sandbox", "Xcode"))
        else:
            self.ownership = "FAMILY_SHARED"
        self.subscription(self.h.later(self.h.start, 0, 40))
        self.foreign, self.environment, self.ownership = None, "Production", "PURCHASED"

    def price(self, currency):
        """In thousandths, of currencies without a minor unit, too."""
        if DIGITS[currency.lower()] == 0:
            return self.rng.randint(3, 90) * 100 * 1000
        return self.rng.randint(1, 99) * 1000 + self.rng.choice((0, 490, 990, 950))

    def transaction(self, product, kind, at, price, currency, original=None, **more):
        key = self.h.digits("20")
        return {"transactionId": key, "originalTransactionId": original or key, "bundleId": BUNDLE, "productId": product,
                "purchaseDate": at * 1000, "originalPurchaseDate": at * 1000, "quantity": 1, "type": KINDS[kind],
                "inAppOwnershipType": self.ownership, "signedDate": at * 1000, "environment": self.environment,
                "transactionReason": "PURCHASE", "storefront": STORES[currency], "storefrontId": "143450", "price": price,
                "currency": currency, "appTransactionId": self.h.digits("70"),
                **({"appAccountToken": self.h.business} if self.tokens or kind == "consumable" else {}), **more}

    def value(self, tx):
        return round_to(Decimal(tx["price"]) / 1000, DIGITS[tx["currency"].lower()])

    def paid(self, tx, own):
        """The ledger's side of a transaction."""
        if self.foreign or not tx["price"] or not self.prices:
            return None
        return self.h.pay(tx["transactionId"], own, tx["purchaseDate"] // 1000, self.value(tx), tx["currency"],
                          tx["originalTransactionId"])

    def subscription(self, at):
        currency = self.rng.choice(["EUR"] * 4 + ["USD"] * 3 + list(STORES))
        price = self.price(currency)
        plan = self.rng.choice(("com.mrcall.pro.monthly", "com.mrcall.starter.monthly"))
        trial = self.rng.choice((7, 14)) if self.chance(0.4) else 0
        group = {"subscriptionGroupIdentifier": "21000001", "webOrderLineItemId": self.h.digits("60"),
                 "expiresDate": (at + (trial or 30) * DAY) * 1000}
        offer = {"offerType": 1, "offerDiscountType": "FREE_TRIAL", "offerPeriod": f"P{trial}D"} if trial else {}
        tx = self.transaction(plan, "sub", at, 0 if trial else price, currency, **group, **offer)
        original = tx["originalTransactionId"]
        own = Subscription(original, "apple", self.h.token("plan-"), self.h.business, at, at + trial * DAY if trial else None,
                           at + trial * DAY if trial else None, currency=currency.lower(),
                           list_value=round_to(Decimal(price) / 1000, DIGITS[currency.lower()]))
        self.h.products[own.product] = (price // 10 ** (3 - DIGITS[currency.lower()]), currency.lower())
        own.known = self.chance(0.95)
        if not own.known:
            # Then only the token says whose it is.
            self.tokens = True
            tx["appAccountToken"] = self.h.business
        if not self.foreign:
            self.h.subscriptions.append(own)
        self.send("SUBSCRIBED", "INITIAL_BUY", at + 2, tx)
        self.after(tx, self.paid(tx, own), at)
        begin = at + (trial or 30) * DAY
        for _ in range(self.rng.randint(0, 7)):
            self.meanwhile(tx, begin)
            if self.chance(0.1):
                self.send("DID_FAIL_TO_RENEW", self.rng.choice((None, "GRACE_PERIOD")), begin - 3600, tx)
                if self.chance(0.3):
                    self.send("EXPIRED", "BILLING_RETRY", begin + 20 * DAY, tx)
                    own.ended_at, own.status = begin + 20 * DAY, "canceled"
                    return
                begin = self.h.later(begin, 1, 12)
                subtype = "BILLING_RECOVERY"
            else:
                subtype = None
            tx = self.transaction(plan, "sub", begin, price, currency, original, **{**group, "expiresDate": (begin + 30 * DAY) * 1000})
            tx["transactionReason"] = "RENEWAL"
            self.send("DID_RENEW", subtype, begin + 3, tx)
            self.after(tx, self.paid(tx, own), begin)
            if self.chance(0.1):
                begin, price, plan, tx = self.upgrade(tx, own, price, currency, group, begin)
            begin += 30 * DAY
        if self.chance(0.4):
            self.send("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_DISABLED", begin - 5 * DAY, tx)
            self.send("EXPIRED", "VOLUNTARY", begin + 60, tx)
            own.ended_at, own.status = begin, "canceled"
            if self.chance(0.2):
                begin = self.h.later(begin, 10, 40)
                tx = self.transaction(plan, "sub", begin, price, currency, original, **{**group, "expiresDate": (begin + 30 * DAY) * 1000})
                self.send("SUBSCRIBED", "RESUBSCRIBE", begin + 3, tx)
                own.ended_at, own.status = None, "active"
                self.after(tx, self.paid(tx, own), begin)

    def meanwhile(self, tx, until):
        """Notifications that show a transaction and move nothing."""
        at = until - 6 * DAY
        for kind, subtype, p in (("DID_CHANGE_RENEWAL_PREF", "DOWNGRADE", 0.08), ("DID_CHANGE_RENEWAL_PREF", None, 0.04),
                                 ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_ENABLED", 0.08), ("PRICE_INCREASE", "ACCEPTED", 0.04),
                                 ("RENEWAL_EXTENDED", None, 0.03), ("OFFER_REDEEMED", "DOWNGRADE", 0.03)):
            if self.chance(p):
                self.send(kind, subtype, at + self.rng.randint(0, 3600), tx)

    def upgrade(self, old, own, price, currency, group, begin):
        """Charged at once, with a new period; what the old one's rest is worth goes back, in an amount that nobody is told."""
        at = self.h.later(begin, 5, 20)
        price = self.price(currency)
        plan = "com.mrcall.business.monthly"
        tx = self.transaction(plan, "sub", at, price, currency, old["originalTransactionId"], **{**group,
                              "expiresDate": (at + 30 * DAY) * 1000})
        if self.chance(0.2):
            tx.update(offerType=3, offerIdentifier="spring", offerDiscountType="PAY_UP_FRONT", offerPeriod="P1M")
            kind = "OFFER_REDEEMED"
        else:
            kind = "DID_CHANGE_RENEWAL_PREF"
        self.send(kind, "UPGRADE", at + 2, tx)
        self.after(tx, self.paid(tx, own), at)
        return at, price, plan, tx

    def purchase(self, at):
        currency = self.rng.choice(list(STORES))
        many = self.rng.choice((1, 1, 3))
        tx = self.transaction("com.mrcall.minutes.100", "consumable", at, self.price(currency) * many, currency)
        tx["quantity"] = many
        self.send("ONE_TIME_CHARGE", None, at + 2, tx)
        self.after(tx, self.paid(tx, None), at, 33.333 if many == 3 else None)

    def after(self, tx, payment, at, share=None):
        """Refunds of a transaction: asked for, declined, given, reversed."""
        if not tx["price"] or not self.chance(0.2):
            return
        at = self.h.later(at, 2, 20)
        if self.chance(0.4):
            self.send("CONSUMPTION_REQUEST", None, at, tx, data_extra={"consumptionRequestReason": "UNINTENDED_PURCHASE"})
        at = self.h.later(at, 1, 4)
        if self.chance(0.2):
            self.send("REFUND_DECLINED", None, at, tx)
            return
        states = self.states.setdefault(tx["transactionId"], [])
        if self.foreign == "family":
            states.append((at, {"revocationDate": at * 1000, "revocationReason": 0}, set()))
            self.send("REVOKE", None, at, tx)
            return
        for turn in range(3):
            percentage = 100000
            if self.percentages and (share or self.chance(0.4)):
                percentage = int(share * 1000) if share and self.chance(0.8) else self.rng.randint(1, 99999)
            digits = DIGITS[tx["currency"].lower()]
            exact = Decimal(tx["price"]) / 1000 * percentage / 100000
            if (exact.scaleb(digits) * 2) % 1 == 0:
                # Half a cent might be rounded either way.
                percentage, exact = 100000, Decimal(tx["price"]) / 1000
            back = round_to(exact, digits)
            revoked = {"revocationDate": at * 1000, "revocationReason": self.rng.choice((0, 1))}
            if self.percentages:
                revoked.update(revocationType="REFUND_FULL" if percentage == 100000 else "REFUND_PRORATED",
                               revocationPercentage=percentage)
            refund = ("refund", tx["transactionId"], turn)
            states.append((at, revoked, {refund}))
            self.send("REFUND", None, at + 30, tx)
            if back:
                self.h.give_back(payment, tx["transactionId"], at, -back)
            if not self.chance(0.35):
                return
            at = self.h.later(at, 3, 30)
            # What is reversed is revoked no longer.
            states.append((at, {}, set()))
            self.send("REFUND_REVERSED", None, at, tx, {refund, ("reversed", tx["transactionId"], turn)})
            if back:
                self.h.give_back(payment, tx["transactionId"], at, back)
            if not self.chance(0.2):
                return
            at = self.h.later(at, 3, 20)
