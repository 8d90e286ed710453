"""Stripe's objects as its events hold them, of one API version each.

What the versions differ in: until 2022-11-15 a charge holds the list of its refunds. Until 2025-03-31 ("basil") an invoice names its
charge, payment intent and subscription, and a charge its invoice. Since then the invoice names its subscription in `parent`, and only
the invoice payment says which payment intent paid which invoice; `amount_paid` has what was paid outside, too.
"""

LISTED = ("2020-08-27", "2022-08-01")
PLAIN = ("2022-11-15", "2023-10-16", "2024-06-20")
ACACIA = ("2024-10-28.acacia", "2025-02-24.acacia")
BASIL = ("2025-03-31.basil", "2025-06-30.basil", "2025-08-27.basil", "2025-09-30.clover")


def is_basil(version):
    return version >= "2025-03-31"


def has_refund_list(version):
    return version < "2022-11-15"


def event(history, version, kind, at, obj, previous=None, live=True, account=None):
    data = {"object": obj}
    if previous is not None:
        data["previous_attributes"] = previous
    document = {"id": history.token("evt_1"), "object": "event", "api_version": version, "created": at, "data": data,
                "livemode": live, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": kind}
    if account:
        document["account"] = account
    return document


def subscription(sub, version, at, status):
    item = {"id": sub["item"], "object": "subscription_item", "metadata": {}, "quantity": 1, "subscription": sub["id"],
            "price": {"id": sub["price"], "object": "price", "currency": sub["currency"], "unit_amount": sub["amount"],
                      "type": "recurring", "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"}}}
    period = {"current_period_start": at, "current_period_end": at + 30 * 86400}
    if is_basil(version):
        item.update(period)
        period = {}
    return {"id": sub["id"], "object": "subscription", "billing_cycle_anchor": sub["start"], "cancel_at_period_end": False,
            "canceled_at": at if status == "canceled" else None, "collection_method": "charge_automatically", "created": sub["start"],
            "currency": sub["currency"], "customer": sub["customer"], "ended_at": at if status == "canceled" else None,
            "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items?subscription=" + sub["id"]},
            "livemode": sub["live"], "metadata": {}, "start_date": sub["start"], "status": status, "trial_end": sub["trial_end"],
            "trial_start": sub["start"] if sub["trial_end"] else None, **period}


def line(inv, part, version):
    """One line of an invoice."""
    common = {"id": part["id"], "object": "line_item", "amount": part["amount"], "currency": inv["currency"],
              "description": part["what"], "discount_amounts": [], "discountable": not part["proration"], "discounts": [],
              "invoice": inv["id"], "livemode": inv["live"], "metadata": {},
              "period": {"start": inv["created"], "end": inv["created"] + 30 * 86400}, "quantity": 1}
    if is_basil(version):
        of_item = {"invoice_item": None, "proration": part["proration"], "proration_details": {"credited_items": None},
                   "subscription": inv["subscription"], "subscription_item": inv["item"]}
        parent = ({"type": "subscription_item_details", "subscription_item_details": of_item, "invoice_item_details": None}
                  if inv["subscription"] else
                  {"type": "invoice_item_details", "subscription_item_details": None, "invoice_item_details":
                   {"invoice_item": part["id"].replace("il_", "ii_"), "proration": False, "proration_details": None,
                    "subscription": None}})
        return {**common, "parent": parent, "pricing": {"type": "price_details", "unit_amount_decimal": str(part["amount"]),
                                                        "price_details": {"price": inv["price"], "product": inv["product"]}}}
    return {**common, "amount_excluding_tax": part["amount"], "price": {"id": inv["price"], "object": "price"},
            "proration": part["proration"], "subscription": inv["subscription"], "subscription_item": inv["item"],
            "type": "subscription" if inv["subscription"] else "invoiceitem", "tax_amounts": [], "tax_rates": []}


def invoice(inv, version, status):
    """`inv` has what is true of the invoice at that moment."""
    paid = status == "paid"
    outside = inv["outside"] and paid
    amount_paid = inv["due"] if paid else 0
    if outside and not is_basil(version):
        amount_paid = 0
    obj = {"id": inv["id"], "object": "invoice", "account_country": "IT", "account_name": "MrCall", "amount_due": inv["due"],
           "amount_paid": amount_paid, "amount_remaining": inv["due"] - amount_paid, "amount_shipping": 0, "attempt_count": inv["tries"],
           "attempted": inv["tries"] > 0, "auto_advance": False, "billing_reason": inv["reason"],
           "collection_method": "send_invoice" if inv["sent"] else "charge_automatically", "created": inv["created"],
           "currency": inv["currency"], "customer": inv["customer"], "default_payment_method": None, "discounts": [], "due_date": None,
           "effective_at": inv["created"] + 5, "ending_balance": inv["ending_balance"], "from_invoice": None, "issuer": {"type": "self"},
           "lines": {"object": "list", "data": [line(inv, p, version) for p in inv["lines"]], "has_more": False,
                     "url": "/v1/invoices/" + inv["id"] + "/lines"},
           "livemode": inv["live"], "metadata": {}, "number": "MRC-" + inv["id"][-4:], "period_end": inv["created"],
           "period_start": inv["created"], "post_payment_credit_notes_amount": inv["credited_after"],
           "pre_payment_credit_notes_amount": inv["credited_before"], "starting_balance": inv["starting_balance"], "status": status,
           "status_transitions": {"finalized_at": inv["created"] + 5 if status != "draft" else None, "marked_uncollectible_at": None,
                                  "paid_at": inv["paid_at"] if paid else None, "voided_at": None},
           "subtotal": inv["total"], "total": inv["total"]}
    if is_basil(version):
        obj.update({"amount_overpaid": 0, "parent": {
            "quote_details": None, "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": inv["subscription"]}} if inv["subscription"] else None,
            "total_taxes": [], "total_discount_amounts": []})
    else:
        charge = inv["charges"][-1] if inv["charges"] and inv["tries"] else None
        obj.update({"application_fee_amount": None, "charge": charge["id"] if charge else None, "paid": paid,
                    "paid_out_of_band": outside, "payment_intent": charge["intent"] if charge else None, "quote": None,
                    "subscription": inv["subscription"], "tax": None, "total_tax_amounts": []})
        if inv["subscription"] and version >= "2022-11-15":
            obj["subscription_details"] = {"metadata": {}}
    return obj


def charge(c, version, refunds, refunded, status="succeeded", disputed=False):
    """`refunds` are those that the charge has had, `refunded` is their sum without those that failed."""
    obj = {"id": c["id"], "object": "charge", "amount": c["amount"], "amount_captured": c["amount"] if status == "succeeded" else 0,
           "amount_refunded": refunded, "application": None, "balance_transaction": c["balance"] if status == "succeeded" else None,
           "billing_details": {"address": {"country": "IT"}, "email": None, "name": None, "phone": None}, "captured": status == "succeeded",
           "created": c["created"], "currency": c["currency"], "customer": c["customer"], "description": "Subscription update",
           "disputed": disputed, "failure_code": None if status == "succeeded" else "card_declined", "livemode": c["live"], "metadata": {},
           "paid": status == "succeeded", "payment_intent": c["intent"], "payment_method": c["method"],
           "payment_method_details": {"type": "card", "card": {"brand": "visa", "country": "IT", "last4": "4242"}},
           "refunded": refunded == c["amount"], "status": status}
    if not is_basil(version):
        obj["invoice"] = c["invoice"]
    if has_refund_list(version):
        # Newest first, ten at most.
        obj["refunds"] = {"object": "list", "data": [refund(r, version) for r in reversed(refunds)], "has_more": False,
                          "total_count": len(refunds), "url": "/v1/charges/" + c["id"] + "/refunds"}
    return obj


def payment_intent(c, version, status="succeeded"):
    obj = {"id": c["intent"], "object": "payment_intent", "amount": c["amount"], "amount_capturable": 0,
           "amount_received": c["amount"] if status == "succeeded" else 0, "capture_method": "automatic", "created": c["created"] - 1,
           "currency": c["currency"], "customer": c["customer"], "latest_charge": c["id"], "livemode": c["live"], "metadata": {},
           "payment_method": c["method"], "payment_method_types": ["card"], "status": status}
    if not is_basil(version):
        obj["invoice"] = c["invoice"]
    return obj


def invoice_payment(inv, c, at):
    return {"id": c["invoice_payment"], "object": "invoice_payment", "amount_paid": c["amount"], "amount_requested": c["amount"],
            "created": inv["created"], "currency": inv["currency"], "invoice": inv["id"], "is_default": c is inv["charges"][0],
            "livemode": inv["live"], "payment": {"payment_intent": c["intent"], "type": "payment_intent"}, "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": at}}


def refund(r, version):
    obj = {"id": r["id"], "object": "refund", "amount": r["amount"], "balance_transaction": r["balance"], "charge": r["charge"]["id"],
           "created": r["created"], "currency": r["charge"]["currency"], "metadata": {}, "payment_intent": r["charge"]["intent"],
           "reason": r["reason"], "receipt_number": None, "source_transfer_reversal": None, "status": r["status"],
           "transfer_reversal": None}
    if r["status"] == "failed":
        obj.update({"failure_balance_transaction": r["balance"] + "f", "failure_reason": "lost_or_stolen_card"})
    if version >= "2024":
        obj["destination_details"] = {"type": "card", "card": {"type": "refund", "reference_status": "pending"}}
    return obj


def dispute(d, status, moves):
    """`moves` are its balance transactions so far: in the currency of the account's settlement, fees beside."""
    return {"id": d["id"], "object": "dispute", "amount": d["amount"], "balance_transactions": [
        {"id": d["id"] + "t" + str(n), "object": "balance_transaction", "amount": m["amount"], "available_on": m["at"] + 86400,
         "created": m["at"], "currency": m["currency"], "description": "Chargeback", "exchange_rate": m["rate"], "fee": m["fee"],
         "net": m["amount"] - m["fee"], "reporting_category": m["category"], "source": d["id"], "status": "pending",
         "type": "adjustment"} for n, m in enumerate(moves)],
        "charge": d["charge"]["id"], "created": d["created"], "currency": d["currency"],
        "evidence_details": {"due_by": d["created"] + 7 * 86400, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": status.startswith("warning"), "livemode": d["charge"]["live"], "metadata": {},
        "payment_intent": d["charge"]["intent"], "reason": "fraudulent", "status": status}


def credit_note(n, version):
    back = n["refund"]
    obj = {"id": n["id"], "object": "credit_note", "amount": n["amount"], "amount_shipping": 0, "created": n["created"],
           "currency": n["invoice"]["currency"], "customer": n["invoice"]["customer"],
           "customer_balance_transaction": n["to_balance"] and "cbtxn_" + n["id"][3:], "discount_amount": 0, "discount_amounts": [],
           "effective_at": n["created"], "invoice": n["invoice"]["id"], "lines": {"object": "list", "data": [], "has_more": False},
           "livemode": n["invoice"]["live"], "memo": None, "metadata": {}, "number": n["id"][-4:] + "-CN-01",
           "out_of_band_amount": n["outside"], "reason": "order_change", "status": "issued", "subtotal": n["amount"],
           "total": n["amount"], "type": n["type"], "voided_at": None}
    if is_basil(version):
        obj.update({"refunds": [{"amount_refunded": back["amount"], "refund": back["id"]}] if back else [], "total_taxes": [],
                    "pre_payment_amount": n["amount"] if n["type"] == "pre_payment" else 0,
                    "post_payment_amount": n["amount"] if n["type"] == "post_payment" else 0})
    else:
        obj["refund"] = back["id"] if back else None
    return obj


def checkout_session(c, invoice_id):
    return {"id": "cs_live_" + c["intent"][3:], "object": "checkout.session", "amount_subtotal": c["amount"], "amount_total": c["amount"],
            "created": c["created"] - 60, "currency": c["currency"], "customer": c["customer"], "invoice": invoice_id,
            "livemode": c["live"], "metadata": {}, "mode": "payment", "payment_intent": c["intent"], "payment_status": "paid",
            "status": "complete", "subscription": None}
