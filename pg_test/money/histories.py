#!/usr/bin/env python3
"""Plays random histories of customers at Stripe and at Apple and writes their deliveries and what the reports must say of them.

The deliveries come shuffled, some twice or thrice, some days late. Of every other history some never come: only such whose facts
another delivery says. Of a few the last document that names a refund's payment is lost: then the refund is none of ours, and doctor
has to count it. Each history depends on the seed and its own number alone.

usage: histories.py --seed N --first N --histories N --into DIRECTORY     files for COPY, read by check.sql
       histories.py --seed N --show NUMBER                                 one history, to look at
"""

import argparse
import csv
import json
import os
import random
from collections import defaultdict
from datetime import datetime, timezone

from apple import Store
from ledger import DAY, History
from stripe import Account

# What moves money, if it is ours.
MONEY = {"invoice.paid", "invoice.payment_succeeded", "charge.refunded", "charge.refund.updated", "refund.created", "refund.updated",
         "refund.failed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", "credit_note.created", "SUBSCRIBED",
         "DID_RENEW", "ONE_TIME_CHARGE", "DID_CHANGE_RENEWAL_PREF", "OFFER_REDEEMED", "REFUND", "REFUND_REVERSED"}
BEGIN = int(datetime(2025, 1, 10, tzinfo=timezone.utc).timestamp())


def play(seed, number):
    rng = random.Random(f"{seed}/{number}")
    provider = "stripe" if rng.random() < 0.65 else "apple"
    history = History(rng, number, provider, BEGIN + rng.randint(0, 150) * DAY)
    model = (Account if provider == "stripe" else Store)(history)
    model.play()
    history.stripe_customer = getattr(model, "customer", None)
    history.dropped = rng.random() < 0.5
    if history.dropped:
        drop(history)
        if rng.random() < 0.2:
            lose(history, getattr(model, "two_endpoints", False))
    history.close()
    return history


def drop(history):
    rng = history.rng
    sources = defaultdict(int)
    for d in history.deliveries:
        for fact in d.says:
            sources[fact] += 1
    kept = []
    rate = rng.choice((0.1, 0.4, 0.8))
    for d in rng.sample(history.deliveries, len(history.deliveries)):
        if rng.random() < rate and all(sources[f] > 1 for f in d.says):
            for f in d.says:
                sources[f] -= 1
        else:
            kept.append(d)
    history.deliveries = kept


def lose(history, two_endpoints):
    """Facts that are lost for good: money of a payment that never arrived, or of which no document says what it paid."""
    if history.provider == "stripe" and not two_endpoints and history.rng.random() < 0.6:
        lose_link(history)
    else:
        lose_payment(history)


def lose_link(history):
    """The invoice payment of a refunded charge: nothing else says which invoice it paid."""
    objects = [(d, d.document["data"]["object"]) for d in history.deliveries]
    # A credit note names an invoice with its refunds.
    noted = {o["invoice"] for d, o in objects if d.type == "credit_note.created"}
    lost = {o["payment"]["payment_intent"] for d, o in objects
            if d.type == "invoice_payment.paid" and d.says and o["invoice"] not in noted}
    lost &= {r.through for r in history.rows}
    history.deliveries = [d for d, o in objects if d.type != "invoice_payment.paid" or o["payment"]["payment_intent"] not in lost]
    history.lost |= lost
    history.rows = [r for r in history.rows if r.through not in lost]


def lose_payment(history):
    """All that says that something was paid: what goes back of it is then no refund of ours."""
    refunded = sorted({r.of.id for r in history.rows if r.of})
    if refunded:
        lost = history.rng.choice(refunded)
        history.deliveries = [d for d in history.deliveries if ("paid", lost) not in d.says]
        if history.provider == "stripe" or any(("refund", lost, turn) in d.says for d in history.deliveries for turn in range(3)):
            history.lost.add(lost)
        history.rows = [r for r in history.rows if lost not in (r.id, r.of and r.of.id)]


def arrivals(history):
    """The deliveries with their copies: (received, key of the host's row, delivery)."""
    rng = history.rng
    for nr, d in enumerate(history.deliveries):
        for copy in range(rng.choice((1,) * 8 + (2, 2, 3))):
            late = rng.uniform(1, 30) if rng.random() < 0.9 else rng.uniform(60, 12 * DAY)
            yield d.at + late + copy * 3600, f"{history.number}/{nr}/{copy}", d


def stamp(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def write(seed, first, count, directory):
    names = {"history": None, "product": None, "subscription": None, "stripe": None, "apple": None, "row": None, "counted": None}
    files = {name: open(os.path.join(directory, name + ".csv"), "w", newline="", encoding="utf-8") for name in names}
    out = {name: csv.writer(f) for name, f in files.items()}
    deliveries = []
    for number in range(first, first + count):
        h = play(seed, number)
        out["history"].writerow((number, h.provider, h.dropped, h.business, h.customer, h.stripe_customer, stamp(h.start - 20 * DAY)))
        for s in h.subscriptions:
            if not s.known:
                continue
            amount, currency = h.products[s.product]
            out["product"].writerow((s.product, json.dumps({"id": "price_" + s.product, "unit_amount": amount, "currency": currency})))
            out["subscription"].writerow((s.id, h.business, s.provider, s.status, s.product, stamp(s.started_at), stamp(s.trial_end),
                                          stamp(s.first_trial_end), stamp(s.trial_changed_at), stamp(s.ended_at)))
        for r in h.rows:
            out["row"].writerow((number, r.kind, r.id, h.business, h.customer, r.subscription, stamp(r.at), stamp(r.journey_at), r.value,
                                 r.currency))
        for thing in h.lost:
            out["counted"].writerow((number, h.provider, "lost", thing, True))
        for at, key, d in arrivals(h):
            deliveries.append((at, key, number, d))
            if d.counted:
                out["counted"].writerow((number, h.provider, d.counted, d.thing or key, d.type in MONEY))
    random.Random(f"{seed}/{first}/order").shuffle(deliveries)
    for at, key, number, d in deliveries:
        out[d.provider].writerow((key, json.dumps(d.document), stamp(at), stamp(d.at), number))
    for f in files.values():
        f.close()
    print(f"figure: {count} histories from number {first}, {len(deliveries)} deliveries")


def show(seed, number):
    h = play(seed, number)
    print(h.number, h.provider, "dropped" if h.dropped else "whole", h.business, h.stripe_customer)
    for s in h.subscriptions:
        print(s.id, s.status, stamp(s.started_at), stamp(s.trial_end), stamp(s.ended_at), s.list_value, s.currency)
    for r in sorted(h.rows, key=lambda r: r.at):
        print(stamp(r.at), r.kind, r.id, r.subscription, r.value, r.currency, stamp(r.journey_at), r.through or "")
    for d in sorted(h.deliveries, key=lambda d: d.at):
        print(stamp(d.at), d.type, json.dumps(d.document))
    print("lost", h.lost)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--into")
    parser.add_argument("--show", type=int)
    args = parser.parse_args()
    if args.show is not None:
        show(args.seed, args.show)
    else:
        write(args.seed, args.first, args.histories, args.into)
