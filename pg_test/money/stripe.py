"""A Stripe account as a state machine: it plays the life of a customer, keeps the ledger and writes the events.

Which document says what (a `fact`; a delivery is only dropped where another one that arrives says the same):

  paid INVOICE      invoice.paid, invoice.payment_succeeded, invoice.updated with status paid
  refund REFUND     refund.created, refund.updated, refund.failed, charge.refund.updated; charge.refunded, which says how much of the
                    charge went back by then, so it speaks of every refund up to that moment
  failed REFUND     refund.failed, and refund.updated or charge.refund.updated with status failed or canceled; a later
                    charge.refunded, which has less than had gone back
  withdrawn DISPUTE charge.dispute.funds_withdrawn; every later event of the dispute shows the balance transaction
  reinstated DISPUTE charge.dispute.funds_reinstated; charge.dispute.closed shows the balance transaction
  credited NOTE     credit_note.created (of what was given back outside)
  of INVOICE INTENT invoice_payment.paid, since 2025-03-31; before, every document of the charge or invoice says it

A credit note's own refund is a refund like any other.
"""

import stripe_documents as write
from ledger import DAY, DIGITS, STEP, Delivery, Subscription, units

CURRENCIES = ["eur"] * 6 + ["usd"] * 3 + ["gbp", "brl"] + [c for c in DIGITS if c not in ("eur", "usd", "gbp", "brl")]

class Account:
    def __init__(self, history):
        self.h, self.rng = history, history.rng
        self.customer = history.token("cus_", 18)
        era = self.rng.random()
        # An account has one version until it changes over; some change to the new one in the middle of a history.
        self.before = self.rng.choice(write.LISTED + write.PLAIN * 2 + write.ACACIA)
        self.after = self.rng.choice(write.BASIL)
        self.change = 0 if era < 0.45 else 1 << 40 if era < 0.8 else history.start + self.rng.randint(20, 150) * DAY
        # Older endpoints did not ask for the events of refunds, which came later than those of charges.
        self.refund_events = self.before >= "2024" or self.chance(0.3)
        self.live, self.account = True, None
        self.foreign = None
        # A second endpoint is of the other version, as while an account changes over.
        self.two_endpoints = self.chance(0.08)

    def chance(self, p):
        return self.rng.random() < p

    def version(self, at):
        return self.before if at < self.change else self.after

    def send(self, kind, at, render, says=(), previous=None):
        """`render` writes the object of the account's version at that time."""
        if self.foreign:
            says = ()
        version = self.version(at)
        document = write.event(self.h, version, kind, at, render(version), previous, self.live, self.account)
        documents = [document]
        if self.two_endpoints:
            other = self.after if version == self.before else self.before
            documents.append(dict(document, api_version=other, data=dict(document["data"], object=render(other))))
        if kind == "invoice_payment.paid":
            documents = [d for d in documents if write.is_basil(d["api_version"])]
        # Stripe makes two events of one thing at times.
        if documents and self.chance(0.02):
            documents.append(dict(documents[-1], id=self.h.token("evt_1"), created=at + self.rng.randint(0, 3)))
        for d in documents:
            self.h.deliveries.append(Delivery("stripe", d["id"], kind, d["created"], d, frozenset(says), self.foreign))

    def amount(self, currency, least=5, most=120):
        """A price in minor units."""
        step = STEP.get(currency, 1)
        scale = 10 ** DIGITS[currency]
        if DIGITS[currency] == 0 or currency in ("huf", "twd", "isk", "ugx"):
            scale *= 100
        return max(step, self.rng.randint(least * scale, most * scale) // step * step)

    def part_of(self, amount, currency, least=0.05, most=0.95):
        step = STEP.get(currency, 1)
        return max(step, int(amount * self.rng.uniform(least, most)) // step * step)

    def soon(self, at, most=4):
        return at + self.rng.randint(0, most)

    # What a customer buys.

    def play(self):
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            self.subscription(self.h.later(self.h.start, 0, 40))
        if self.chance(0.3):
            self.one_time_invoice(self.h.later(self.h.start, 5, 150))
        if self.chance(0.3):
            self.charge_without_invoice(self.h.later(self.h.start, 5, 150))
        if self.chance(0.25):
            self.beside("test mode" if self.chance(0.5) else "other account")

    def beside(self, reason):
        """The same again as none of our money: in test mode, or of an account that is connected to ours."""
        self.foreign = reason
        self.live = reason != "test mode"
        self.account = None if self.live is False else self.h.token("acct_1", 18)
        self.subscription(self.h.later(self.h.start, 0, 40))
        if self.chance(0.5):
            self.one_time_invoice(self.h.later(self.h.start, 5, 150))
        self.foreign, self.live, self.account = None, True, None

    def subscription(self, at):
        currency = self.rng.choice(CURRENCIES)
        amount = self.amount(currency)
        sub = {"id": self.h.token("sub_1"), "item": self.h.token("si_", 18), "price": self.h.token("price_1"),
               "product": self.h.token("prod_", 18), "currency": currency, "amount": amount, "customer": self.customer, "start": at,
               "trial_end": at + self.rng.choice((7, 14, 30)) * DAY if self.chance(0.4) else None, "live": self.live}
        own = Subscription(sub["id"], "stripe", self.h.token("plan-"), self.h.business, at, sub["trial_end"], sub["trial_end"],
                           list_value=units(amount, currency), currency=currency)
        self.h.products[own.product] = (amount, currency)
        own.known = self.chance(0.95)
        if not self.foreign:
            self.h.subscriptions.append(own)
        sub["own"] = own
        self.balance = 0
        self.send("customer.subscription.created", self.soon(at), lambda v: write.subscription(
            sub, v, at, "trialing" if sub["trial_end"] else "active"))
        begin = at
        if sub["trial_end"]:
            self.bill(sub, at, [(0, "Trial period", False)], "subscription_create")
            if self.chance(0.25):
                self.end_trial(sub, own, at, self.h.later(at, 2, 5))
                return
            begin = sub["trial_end"]
            if self.chance(0.15):
                # Paid before the trial is over: it ends then.
                begin = self.h.later(at, 1, 5)
                own.trial_changed_at, own.trial_end = begin, begin
                sub["trial_end"] = begin
        for period in range(self.rng.randint(1, 7)):
            if period == 0 and self.chance(0.05):
                # A coupon takes the whole of the first one.
                self.bill(sub, begin, [(amount, "1 × Pro", False), (-amount, "Coupon", False)], "subscription_create")
            else:
                coupon = self.part_of(amount, currency, 0.1, 0.5) if period == 0 and not sub["trial_end"] and self.chance(0.1) else 0
                lines = [(sub["amount"], "1 × Pro", False)] + ([(-coupon, "Coupon", False)] if coupon else [])
                if self.bill(sub, begin, lines, "subscription_cycle" if period or sub["trial_end"] else "subscription_create") is None:
                    self.end(sub, own, self.h.later(begin, 14, 25))
                    return
            if period and self.chance(0.2):
                self.change_plan(sub, self.h.later(begin, 8, 20))
            begin += 30 * DAY
        if self.chance(0.4):
            self.end(sub, own, begin - self.rng.randint(0, 2) * DAY)

    def end(self, sub, own, at):
        own.ended_at, own.status = at, "canceled"
        self.send("customer.subscription.deleted", self.soon(at), lambda v: write.subscription(sub, v, at, "canceled"))

    def end_trial(self, sub, own, start, at):
        """It leaves in its trial, having paid nothing; or having paid for something else in it, it ends early all the same."""
        if self.chance(0.4):
            self.bill(sub, self.h.later(start, 1, 1), [(self.part_of(sub["amount"], sub["currency"]), "Set-up", False)], "manual")
        self.end(sub, own, at)

    def change_plan(self, sub, at):
        """A better plan is charged at once in proportion; of a smaller one the rest of the dearer is kept as balance."""
        currency, old, step = sub["currency"], sub["amount"], STEP.get(sub["currency"], 1)
        sub["amount"] = self.amount(currency)
        left = self.rng.uniform(0.3, 0.7)
        credit, debit = int(old * left) // step * step, int(sub["amount"] * left) // step * step
        self.send("customer.subscription.updated", self.soon(at), lambda v: write.subscription(sub, v, at, "active"),
                  previous={"items": {"data": []}})
        self.bill(sub, at, [(-credit, "Unused time on Pro", True), (debit, "Remaining time on Business", True)], "subscription_update")

    def one_time_invoice(self, at):
        currency = self.rng.choice(CURRENCIES)
        self.balance = 0
        self.bill({"id": None, "item": None, "price": self.h.token("price_1"), "product": self.h.token("prod_", 18), "own": None,
                   "currency": currency, "amount": 0}, at, [(self.amount(currency), "100 minutes", False)], "manual")

    def charge_without_invoice(self, at):
        """A one-time checkout without an invoice: neither its charge nor its refund is money of a payment of ours."""
        currency = self.rng.choice(CURRENCIES)
        c = self.new_charge(None, self.amount(currency), currency, at)
        self.send("checkout.session.completed", self.soon(at), lambda v: write.checkout_session(c, None))
        self.charged(c, at)
        if self.chance(0.6):
            self.give_back(c, None, at)

    # Invoices.

    def bill(self, sub, at, parts, reason):
        """An invoice from its first draft to its payment; None where it is never paid."""
        currency = sub["currency"]
        total = sum(p[0] for p in parts)
        inv = {"id": self.h.token("in_1"), "subscription": sub["id"], "item": sub["item"], "price": sub["price"],
               "product": sub["product"], "currency": currency, "customer": self.customer, "created": at, "live": self.live,
               "reason": reason, "total": total, "starting_balance": self.balance, "ending_balance": 0, "due": max(0, total + self.balance),
               "lines": [{"id": self.h.token("il_1"), "amount": a, "what": w, "proration": p} for a, w, p in parts], "charges": [],
               "tries": 0, "outside": False, "sent": reason in ("subscription_cycle", "manual") and self.chance(0.1),
               "credited_before": 0, "credited_after": 0, "paid_at": None,
               "own": sub["own"]}
        self.balance = min(0, total + self.balance)
        inv["ending_balance"] = self.balance
        self.send("invoice.created", self.soon(at), lambda v: write.invoice(inv, v, "draft"))
        self.send("invoice.finalized", at + 5, lambda v: write.invoice(inv, v, "open"))
        if inv["due"] and reason != "subscription_create" and (not inv["own"] or inv["own"].first_payment) and self.chance(0.05):
            self.credit_before_payment(inv, at + 20)
        paid_at = at + 60
        if not inv["due"]:
            self.invoice_paid(inv, paid_at)
            return inv
        fate = self.rng.random()
        if inv["sent"]:
            paid_at = self.h.later(at, 1, 20)
        if fate < 0.05 and reason != "subscription_create":
            self.attempt(inv, at + 40, "failed")
            self.send("invoice.voided" if self.chance(0.5) else "invoice.marked_uncollectible", self.h.later(at, 10, 12),
                      lambda v: write.invoice(inv, v, "void"))
            return None
        if fate < 0.12 and reason != "subscription_create":
            self.attempt(inv, at + 40, "failed")
            paid_at = self.h.later(at, 2, 7)
        if fate > 0.95:
            inv["outside"] = True
        elif fate > 0.9 and write.is_basil(self.version(at)) and inv["due"] > 10 * STEP.get(currency, 1):
            # Several payments, which there are since 2025-05-28: paid when the last one is in.
            part = self.part_of(inv["due"], currency)
            for n, amount in enumerate((part, inv["due"] - part)):
                self.attempt(inv, paid_at - 40 + 20 * n, "succeeded", amount)
        else:
            self.attempt(inv, paid_at, "succeeded")
        self.invoice_paid(inv, paid_at)
        return inv

    def credit_before_payment(self, inv, at):
        """A credit note on an open invoice: less is due, no money moves."""
        amount = self.part_of(inv["due"], inv["currency"], 0.05, 0.4)
        if amount >= inv["due"]:
            return
        inv["due"] -= amount
        inv["credited_before"] = amount
        note = {"id": self.h.token("cn_1"), "amount": amount, "created": at, "invoice": inv, "refund": None, "outside": None,
                "to_balance": None, "type": "pre_payment"}
        self.send("credit_note.created", at, lambda v: write.credit_note(note, v))

    def attempt(self, inv, at, status, amount=None):
        inv["tries"] += 1
        c = self.new_charge(inv["id"], amount or inv["due"], inv["currency"], at)
        inv["charges"].append(c)
        if status == "failed":
            self.send("charge.failed", at, lambda v: write.charge(c, v, [], 0, "failed"))
            self.send("payment_intent.payment_failed", at, lambda v: write.payment_intent(c, v, "requires_payment_method"))
            self.send("invoice.payment_failed", at + 1, lambda v: write.invoice(inv, v, "open"))
            inv["charges"].pop()
            return
        self.charged(c, at)
        self.send("invoice_payment.paid", self.soon(at), lambda v: write.invoice_payment(inv, c, at), {("of", inv["id"], c["intent"])})

    def new_charge(self, invoice_id, amount, currency, at):
        return {"id": self.h.token("ch_3"), "intent": self.h.token("pi_3"), "invoice_payment": self.h.token("inpay_1"),
                "method": self.h.token("pm_1"), "balance": self.h.token("txn_3"), "invoice": invoice_id, "amount": amount,
                "currency": currency, "customer": self.customer, "created": at, "live": self.live}

    def charged(self, c, at):
        self.send("charge.succeeded", self.soon(at), lambda v: write.charge(c, v, [], 0))
        self.send("payment_intent.succeeded", self.soon(at), lambda v: write.payment_intent(c, v))

    def invoice_paid(self, inv, at):
        inv["paid_at"] = at
        payment = None
        says = set()
        if inv["due"]:
            says = {("paid", inv["id"])}
            if not self.foreign:
                payment = self.h.pay(inv["id"], inv["own"], at, units(inv["due"], inv["currency"]), inv["currency"])
        self.send("invoice.paid", self.soon(at), lambda v: write.invoice(inv, v, "paid"), says)
        if self.chance(0.5):
            self.send("invoice.updated", self.soon(at), lambda v: write.invoice(inv, v, "paid"), says, {"status": "open"})
        if not inv["outside"]:
            self.send("invoice.payment_succeeded", self.soon(at), lambda v: write.invoice(inv, v, "paid"), says)
        fate = self.rng.random()
        if inv["due"] and fate < 0.06:
            self.credit_outside(inv, payment, self.h.later(at, 2, 20))
        for c in inv["charges"]:
            fate = self.rng.random()
            if fate < 0.25:
                self.give_back(c, payment, at, inv)
            elif fate < 0.37:
                self.dispute(c, payment, self.h.later(at, 3, 30))

    def credit_outside(self, inv, payment, at):
        """A credit note on a paid invoice, given back outside of Stripe or kept as the customer's balance."""
        amount = self.part_of(inv["due"], inv["currency"])
        outside = self.chance(0.7)
        note = {"id": self.h.token("cn_1"), "amount": amount, "created": at, "invoice": inv, "refund": None,
                "outside": amount if outside else None, "to_balance": not outside, "type": "post_payment"}
        self.send("credit_note.created", self.soon(at), lambda v: write.credit_note(note, v), {("credited", note["id"])} if outside else ())
        if outside:
            self.h.give_back(payment, note["id"], at, -units(amount, inv["currency"]))

    # Money back.

    def give_back(self, c, payment, at, inv=None):
        """Some refunds of a charge, a few of which fail or are canceled: then the amount can be refunded again."""
        refunds, refunded = [], 0
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            left = c["amount"] - refunded
            if left < STEP.get(c["currency"], 1):
                break
            at = self.h.later(at, 2, 15)
            amount = left if self.chance(0.4) else self.part_of(left, c["currency"])
            r = {"id": self.h.token("re_3"), "amount": amount, "charge": c, "created": at, "balance": self.h.token("txn_3"),
                 "reason": "requested_by_customer", "status": "succeeded"}
            fails = self.chance(0.25)
            if fails and self.chance(0.5):
                r["status"] = "pending"
            elif self.chance(0.1):
                # It waits for the customer's bank account, or for the bank: it is under way all the same.
                r["status"] = self.rng.choice(("requires_action", "pending"))
            refunds.append(r)
            before, refunded = refunded, refunded + amount
            self.refund_sent(c, refunds, r, refunded, before, self.soon(at))
            self.h.give_back(payment, r["id"], at, -units(amount, c["currency"]), c["intent"])
            if inv and self.chance(0.15):
                self.note_of_refund(inv, payment, r, at + 8)
            if fails:
                at = self.h.later(at, 1, 25)
                r["status"] = "canceled" if r["status"] == "requires_action" else "failed"
                refunded -= amount
                self.refund_failed(r, at)
                self.h.give_back(payment, r["id"], at, units(amount, c["currency"]), c["intent"])
            elif r["status"] != "succeeded":
                r["status"] = "succeeded"
                done = dict(r)
                for kind in ("refund.updated", "charge.refund.updated") if self.refund_events else ("charge.refund.updated",):
                    self.send(kind, self.h.later(at, 1, 1), lambda v: write.refund(done, v), {("refund", r["id"])}, {"status": "pending"})

    def note_of_refund(self, inv, payment, r, at):
        """A credit note of a refund, and at times of something that was given back beside it."""
        beside = self.part_of(r["amount"], inv["currency"], 0.05, 0.2) if self.chance(0.2) else 0
        note = {"id": self.h.token("cn_1"), "amount": r["amount"] + beside, "created": at, "invoice": inv, "refund": r,
                "outside": beside or None, "to_balance": None, "type": "post_payment"}
        self.send("credit_note.created", at + 1, lambda v: write.credit_note(note, v), {("credited", note["id"])} if beside else ())
        if beside:
            self.h.give_back(payment, note["id"], at, -units(beside, inv["currency"]))

    def refund_sent(self, c, refunds, r, refunded, before, at):
        one = {("refund", r["id"])}
        so_far = {("refund", x["id"]) for x in refunds} | {("failed", x["id"]) for x in refunds if x["status"] in ("failed", "canceled")}
        held, copies = [dict(x) for x in refunds], dict(r)
        if self.refund_events:
            self.send("refund.created", at, lambda v: write.refund(copies, v), one)
        # `amount_refunded` is what was given back by now, without what failed.
        self.send("charge.refunded", at, lambda v: write.charge(c, v, held, refunded), so_far,
                  {"amount_refunded": before, "refunded": False})
        if self.chance(0.3):
            late = self.soon(at + 30)
            if self.refund_events:
                self.send("refund.updated", late, lambda v: write.refund(copies, v), one, {"destination_details": {}})
            self.send("charge.refund.updated", late, lambda v: write.refund(copies, v), one, {"destination_details": {}})

    def refund_failed(self, r, at):
        says = {("failed", r["id"]), ("refund", r["id"])}
        copy = dict(r)
        if self.refund_events:
            if r["status"] == "failed":
                self.send("refund.failed", at, lambda v: write.refund(copy, v), says)
            self.send("refund.updated", at, lambda v: write.refund(copy, v), says, {"status": "pending"})
        self.send("charge.refund.updated", at, lambda v: write.refund(copy, v), says, {"status": "succeeded"})

    def dispute(self, c, payment, at):
        """A chargeback takes the money at once and gives it back when it is won; an inquiry takes nothing."""
        amount = c["amount"]
        if self.chance(0.3):
            amount = self.part_of(amount, c["currency"])
        elif self.chance(0.1):
            # The course of the card's currency has changed since.
            amount += STEP.get(c["currency"], 1)
        d = {"id": self.h.token("du_1"), "amount": amount, "currency": c["currency"], "charge": c, "created": at}
        settled = "eur" if self.chance(0.8) else c["currency"]
        rate = None if settled == c["currency"] else 0.9
        taken = -amount if rate is None else -int(amount * 0.9)
        fee = 2000
        moves = []
        if self.chance(0.2):
            self.send("charge.dispute.created", self.soon(at), lambda v: write.dispute(d, "warning_needs_response", []))
            at = self.h.later(at, 5, 20)
            self.send("charge.dispute.closed", self.soon(at), lambda v: write.dispute(d, "warning_closed", []))
            if self.chance(0.3):
                self.give_back(c, payment, at)
            return
        moves = [{"at": at, "amount": taken, "currency": settled, "rate": rate, "fee": fee, "category": "dispute"}]
        withdrawn = {("withdrawn", d["id"])}
        self.send("charge.dispute.created", self.soon(at), lambda v: write.dispute(d, "needs_response", moves), withdrawn)
        self.send("charge.dispute.funds_withdrawn", at, lambda v: write.dispute(d, "needs_response", moves), withdrawn)
        self.h.give_back(payment, d["id"], at, -units(amount, c["currency"]), c["intent"])
        at = self.h.later(at, 3, 8)
        self.send("charge.dispute.updated", at, lambda v: write.dispute(d, "under_review", moves), withdrawn, {"status": "needs_response"})
        at = self.h.later(at, 20, 50)
        if self.chance(0.5):
            self.send("charge.dispute.closed", at, lambda v: write.dispute(d, "lost", moves), withdrawn, {"status": "under_review"})
            return
        both = moves + [{"at": at, "amount": -taken, "currency": settled, "rate": rate, "fee": -fee, "category": "dispute_reversal"}]
        back = withdrawn | {("reinstated", d["id"])}
        self.send("charge.dispute.funds_reinstated", at, lambda v: write.dispute(d, "won", both), back)
        self.send("charge.dispute.closed", at, lambda v: write.dispute(d, "won", both), back, {"status": "under_review"})
        self.h.give_back(payment, d["id"], at, units(amount, c["currency"]), c["intent"])
        if self.chance(0.3):
            self.give_back(c, payment, at)
