//! What Stripe's events say about money: see `docs/conversions.md`. Facts only, one document at a time; what they come to is put
//! together in SQL.

use crate::jsonb::{FieldPath, FieldValue, elements};

/// The types of events that say something about money, or which charge belongs to which invoice.
pub const TYPES: [&str; 22] = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "checkout.session.completed",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
    "invoice.overpaid",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.updated",
    "invoice_payment.paid",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
];

/// When something happened, the best source first; where none of them is an instant, it is when the document arrived.
pub type Moment<'a> = [Option<FieldValue<'a>>; 2];

/// What a document says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fact<'a> {
    /// `paid` an invoice, `refund`, `dispute` or `credit` (a credit note) that takes money back, `total` what has been refunded of
    /// a charge so far, `part` what has been paid of an invoice, `link` only what belongs together.
    pub kind: &'static str,
    /// Of the refund, dispute or credit note.
    pub id: Option<FieldValue<'a>>,
    /// The invoice.
    pub invoice: Option<FieldValue<'a>>,
    /// The charge.
    pub charge: Option<FieldValue<'a>>,
    /// The payment intent.
    pub intent: Option<FieldValue<'a>>,
    /// The subscription of an invoice.
    pub subscription: Option<FieldValue<'a>>,
    /// The customer of an invoice.
    pub customer: Option<FieldValue<'a>>,
    /// The currency.
    pub currency: Option<FieldValue<'a>>,
    /// In minor units.
    pub amount: Option<FieldValue<'a>>,
    /// When the money moved; `None` where this document does not say that it did.
    pub at: Option<Moment<'a>>,
    /// When it came back: the refund failed, the dispute was won.
    pub returned_at: Option<Moment<'a>>,
}

impl<'a> Fact<'a> {
    /// All ids by which it belongs together with others.
    pub fn ids(&self) -> impl Iterator<Item = FieldValue<'a>> {
        [self.id, self.invoice, self.charge, self.intent, self.subscription].into_iter().flatten()
    }
}

/// Where Stripe's documents have what.
pub struct StripeFacts {
    kind: FieldPath,
    created: FieldPath,
    livemode: FieldPath,
    account: FieldPath,
    counts: FieldPath,
    object: FieldPath,
    of: ObjectPaths,
}

struct ObjectPaths {
    id: FieldPath,
    status: FieldPath,
    created: FieldPath,
    livemode: FieldPath,
    currency: FieldPath,
    invoice: FieldPath,
    charge: FieldPath,
    intent: FieldPath,
    customer: FieldPath,
    subscriptions: [FieldPath; 2],
    amount: FieldPath,
    amount_paid: FieldPath,
    amount_due: FieldPath,
    amount_refunded: FieldPath,
    out_of_band: FieldPath,
    out_of_band_amount: FieldPath,
    paid_at: FieldPath,
    voided_at: FieldPath,
    payments: FieldPath,
    payment_intent: FieldPath,
    payment_charge: FieldPath,
    latest_charge: FieldPath,
    charges: FieldPath,
    refund: FieldPath,
    refunds: FieldPath,
    refund_list: FieldPath,
    balance_transactions: FieldPath,
}

impl Default for StripeFacts {
    fn default() -> Self {
        let path = |keys: &[&'static str]| FieldPath::new(keys.iter().copied());
        Self {
            kind: path(&["type"]),
            created: path(&["created"]),
            livemode: path(&["livemode"]),
            account: path(&["account"]),
            counts: path(&["mrcall_counts"]),
            object: path(&["data", "object"]),
            of: ObjectPaths {
                id: path(&["id"]),
                status: path(&["status"]),
                created: path(&["created"]),
                livemode: path(&["livemode"]),
                currency: path(&["currency"]),
                invoice: path(&["invoice"]),
                charge: path(&["charge"]),
                intent: path(&["payment_intent"]),
                customer: path(&["customer"]),
                subscriptions: [path(&["subscription"]), path(&["parent", "subscription_details", "subscription"])],
                amount: path(&["amount"]),
                amount_paid: path(&["amount_paid"]),
                amount_due: path(&["amount_due"]),
                amount_refunded: path(&["amount_refunded"]),
                out_of_band: path(&["paid_out_of_band"]),
                out_of_band_amount: path(&["out_of_band_amount"]),
                paid_at: path(&["status_transitions", "paid_at"]),
                voided_at: path(&["voided_at"]),
                payments: path(&["payments", "data"]),
                payment_intent: path(&["payment", "payment_intent"]),
                payment_charge: path(&["payment", "charge"]),
                latest_charge: path(&["latest_charge"]),
                charges: path(&["charges", "data", "0"]),
                refund: path(&["refund"]),
                refunds: path(&["refunds", "data"]),
                refund_list: path(&["refunds"]),
                balance_transactions: path(&["balance_transactions"]),
            },
        }
    }
}

impl StripeFacts {
    /// Tells the facts of a document: none of one in test mode, of another account's or of a type that says nothing about money.
    pub fn each<'a, E>(
        &mut self,
        document: &'a [u8],
        tell: &mut impl FnMut(Fact<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(FieldValue::Text(kind)) = self.kind.find(document) else { return Ok(()) };
        if TYPES.binary_search_by(|name| name.as_bytes().cmp(kind)).is_err() {
            return Ok(());
        }
        let Some(FieldValue::Container(object)) = self.object.find(document) else { return Ok(()) };
        if !self.is_ours(document, object) {
            return Ok(());
        }
        let created = self.created.find(document);
        let of = &mut self.of;
        match kind {
            b"invoice.paid" | b"invoice.payment_succeeded" | b"invoice.overpaid" | b"invoice.updated" => {
                of.invoice(kind, object, created, tell)
            }
            b"invoice_payment.paid" => {
                let link = of.invoice_payment(object);
                let amount = of.amount_paid.find(object);
                tell(Fact { kind: "part", amount, at: Some([of.paid_at.find(object), created]), ..link })
            }
            b"charge.refund.updated" | b"refund.created" | b"refund.updated" | b"refund.failed" => {
                let refund = of.refund(object, created, kind == b"refund.failed");
                tell(refund)
            }
            b"charge.succeeded" | b"charge.updated" | b"charge.refunded" => of.charge(kind, object, created, tell),
            b"credit_note.created" | b"credit_note.updated" | b"credit_note.voided" => {
                of.credit_note(object, created, tell)
            }
            b"payment_intent.succeeded" => tell(of.payment_intent(object)),
            b"checkout.session.completed" => tell(of.link(object)),
            _ => tell(of.dispute(kind, object, created)),
        }
    }

    /// Money of this account, not that of its tests. A document counts too where the mapping says so.
    fn is_ours<'a>(&mut self, document: &'a [u8], object: &'a [u8]) -> bool {
        if is_true(self.counts.find(document)) {
            return true;
        }
        let livemode = self.livemode.find(document).or_else(|| self.of.livemode.find(object));
        let is_test = matches!(livemode, Some(FieldValue::Bool(false) | FieldValue::Text(b"false")));
        !is_test && id(self.account.find(document)).is_none()
    }
}

impl ObjectPaths {
    /// What an object names by its usual keys.
    fn link<'a>(&mut self, object: &'a [u8]) -> Fact<'a> {
        Fact {
            kind: "link",
            invoice: self.reference(|of| &mut of.invoice, object),
            charge: self.reference(|of| &mut of.charge, object),
            intent: self.reference(|of| &mut of.intent, object),
            currency: id(self.currency.find(object)),
            ..Fact::default()
        }
    }

    /// Named by its id, or the whole object.
    fn reference<'a>(
        &mut self,
        path: impl Fn(&mut Self) -> &mut FieldPath,
        object: &'a [u8],
    ) -> Option<FieldValue<'a>> {
        match path(self).find(object) {
            Some(FieldValue::Container(expanded)) => id(self.id.find(expanded)),
            text @ Some(FieldValue::Text(_)) => id(text),
            _ => None,
        }
    }

    fn invoice<'a, E>(
        &mut self,
        kind: &[u8],
        object: &'a [u8],
        created: Option<FieldValue<'a>>,
        tell: &mut impl FnMut(Fact<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let invoice = id(self.id.find(object));
        let mut fact = Fact { invoice, ..self.link(object) };
        let is_paid = match self.status.find(object) {
            Some(FieldValue::Text(status)) => status == b"paid",
            _ => kind != b"invoice.updated",
        };
        if is_paid {
            fact.kind = "paid";
            fact.subscription = self
                .reference(|of| &mut of.subscriptions[0], object)
                .or_else(|| self.reference(|of| &mut of.subscriptions[1], object));
            fact.customer = self.reference(|of| &mut of.customer, object);
            // Before 2025-03-31 amount_paid had not what was paid outside of Stripe.
            let outside = if is_true(self.out_of_band.find(object)) { self.amount_due.find(object) } else { None };
            fact.amount = outside.or_else(|| self.amount_paid.find(object));
            fact.at = Some([self.paid_at.find(object), created]);
        }
        tell(fact)?;
        for payment in list(self.payments.find(object)) {
            let link = self.invoice_payment(payment);
            tell(Fact { invoice, ..link })?;
        }
        Ok(())
    }

    fn invoice_payment<'a>(&mut self, object: &'a [u8]) -> Fact<'a> {
        let link = self.link(object);
        Fact {
            charge: self.reference(|of| &mut of.payment_charge, object).or(link.charge),
            intent: self.reference(|of| &mut of.payment_intent, object).or(link.intent),
            ..link
        }
    }

    fn payment_intent<'a>(&mut self, object: &'a [u8]) -> Fact<'a> {
        let link = self.link(object);
        let charge = self.reference(|of| &mut of.latest_charge, object);
        Fact {
            intent: id(self.id.find(object)),
            charge: charge.or_else(|| self.reference(|of| &mut of.charges, object)),
            ..link
        }
    }

    fn charge<'a, E>(
        &mut self,
        kind: &[u8],
        object: &'a [u8],
        created: Option<FieldValue<'a>>,
        tell: &mut impl FnMut(Fact<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let link = Fact { charge: id(self.id.find(object)), ..self.link(object) };
        if kind == b"charge.succeeded" {
            let kind = if link.invoice.is_some() { "part" } else { "link" };
            tell(Fact { kind, amount: self.amount.find(object), at: Some([created, None]), ..link })?;
        } else {
            tell(Fact { kind: "total", amount: self.amount_refunded.find(object), at: Some([created, None]), ..link })?;
        }
        // Up to the API of 2022-11-15 a charge has its refunds with it.
        for refund in list(self.refunds.find(object)) {
            let fact = self.refund(refund, created, false);
            tell(Fact {
                invoice: link.invoice,
                charge: fact.charge.or(link.charge),
                intent: fact.intent.or(link.intent),
                currency: fact.currency.or(link.currency),
                ..fact
            })?;
        }
        Ok(())
    }

    fn refund<'a>(&mut self, object: &'a [u8], created: Option<FieldValue<'a>>, has_failed: bool) -> Fact<'a> {
        let has_failed = match self.status.find(object) {
            Some(FieldValue::Text(status)) => matches!(status, b"failed" | b"canceled"),
            _ => has_failed,
        };
        let made = self.created.find(object);
        Fact {
            kind: "refund",
            id: id(self.id.find(object)),
            amount: self.amount.find(object),
            // When it failed says nothing about when it was made.
            at: (made.is_some() || !has_failed).then_some([made, created]),
            returned_at: has_failed.then_some([created, None]),
            ..self.link(object)
        }
    }

    fn dispute<'a>(&mut self, kind: &[u8], object: &'a [u8], created: Option<FieldValue<'a>>) -> Fact<'a> {
        let mut fact = Fact { id: id(self.id.find(object)), amount: self.amount.find(object), ..self.link(object) };
        // At most one that takes the money, and one that gives it back.
        for transaction in list(self.balance_transactions.find(object)) {
            let moved = Some([self.created.find(transaction), created]);
            match self.amount.find(transaction).and_then(sign) {
                Some(true) => fact.at = fact.at.or(moved),
                Some(false) => fact.returned_at = fact.returned_at.or(moved),
                None => (),
            }
        }
        if kind == b"charge.dispute.funds_withdrawn" {
            fact.at = fact.at.or(Some([created, None]));
        }
        if kind == b"charge.dispute.funds_reinstated" {
            fact.returned_at = fact.returned_at.or(Some([created, None]));
        }
        if fact.at.is_some() || fact.returned_at.is_some() {
            fact.kind = "dispute";
        }
        fact
    }

    fn credit_note<'a, E>(
        &mut self,
        object: &'a [u8],
        created: Option<FieldValue<'a>>,
        tell: &mut impl FnMut(Fact<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let link = self.link(object);
        if let amount @ Some(_) = self.out_of_band_amount.find(object) {
            let is_void = matches!(self.status.find(object), Some(FieldValue::Text(b"void")));
            tell(Fact {
                kind: "credit",
                id: id(self.id.find(object)),
                amount,
                at: Some([self.created.find(object), created]),
                returned_at: is_void.then(|| [self.voided_at.find(object), created]),
                ..link
            })?;
        }
        // Which invoice the refunds of the credit note are of.
        if let refund @ Some(_) = self.reference(|of| &mut of.refund, object) {
            tell(Fact { id: refund, ..link })?;
        }
        for part in list(self.refund_list.find(object)) {
            if let refund @ Some(_) = self.reference(|of| &mut of.refund, part) {
                tell(Fact { id: refund, ..link })?;
            }
        }
        Ok(())
    }
}

/// A value that can be an id: neither blank nor a container.
fn id(value: Option<FieldValue<'_>>) -> Option<FieldValue<'_>> {
    value.filter(|value| match value {
        FieldValue::Text(text) => !text.trim_ascii().is_empty(),
        FieldValue::Container(_) => false,
        FieldValue::Bool(_) | FieldValue::Number(_) => true,
    })
}

fn is_true(value: Option<FieldValue<'_>>) -> bool {
    matches!(value, Some(FieldValue::Bool(true) | FieldValue::Text(b"true")))
}

/// The objects in a list.
fn list(value: Option<FieldValue<'_>>) -> impl Iterator<Item = &[u8]> {
    let container = match value {
        Some(FieldValue::Container(container)) => container,
        _ => &[],
    };
    elements(container).into_iter().flatten().filter_map(|element| match element {
        Some(FieldValue::Container(object)) => Some(object),
        _ => None,
    })
}

/// Whether a number is below zero; `None` for zero and for what is no number. The server's numeric: behind its length word a
/// word whose upper bits are the form and the sign, then the digits, none for zero.
fn sign(value: FieldValue<'_>) -> Option<bool> {
    let FieldValue::Number(number) = value else { return None };
    let (header, digits) = number.get(4..)?.split_first_chunk()?;
    let header = u16::from_ne_bytes(*header);
    match header & 0xc000 {
        // Two bytes of the long form are its weight.
        0x0000 => (digits.len() > 2).then_some(false),
        0x4000 => (digits.len() > 2).then_some(true),
        0x8000 => (!digits.is_empty()).then_some(header & 0x2000 != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted() {
        assert!(TYPES.is_sorted());
    }

    #[test]
    fn signs_of_numerics() {
        let number = |header: u16, rest: &[u8]| {
            let mut bytes = vec![0; 4];
            bytes.extend(header.to_ne_bytes());
            bytes.extend(rest);
            bytes
        };
        assert_eq!(sign(FieldValue::Number(&number(0x8000, &[1, 0]))), Some(false));
        assert_eq!(sign(FieldValue::Number(&number(0xa000, &[1, 0]))), Some(true));
        assert_eq!(sign(FieldValue::Number(&number(0x8000, &[]))), None);
        assert_eq!(sign(FieldValue::Number(&number(0x4000, &[0, 0, 1, 0]))), Some(true));
        assert_eq!(sign(FieldValue::Number(&number(0xc000, &[]))), None);
        assert_eq!(sign(FieldValue::Number(&[])), None);
        assert_eq!(sign(FieldValue::Text(b"-1")), None);
    }

    #[test]
    fn blank_ids_are_none() {
        assert_eq!(id(Some(FieldValue::Text(b" \t"))), None);
        assert_eq!(id(Some(FieldValue::Text(b"in_1"))), Some(FieldValue::Text(b"in_1")));
        assert_eq!(id(Some(FieldValue::Container(&[0; 4]))), None);
    }
}
