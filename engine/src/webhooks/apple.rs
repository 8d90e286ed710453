//! The ids in Apple's notifications, for indexes: see `docs/explain_conversion.md`.

use crate::jsonb::{FieldPath, FieldValue, is_object};

/// What Apple's documents name: a transaction, and the first one of its subscription.
pub struct AppleIds {
    payload: FieldPath,
    decoded: FieldPath,
    signed: FieldPath,
    ids: [FieldPath; 2],
}

/// A notification's transaction: an object, or the text of a JWS.
pub enum Transaction<'a> {
    /// The object.
    Decoded(&'a [u8]),
    /// The text.
    Signed(&'a [u8]),
}

impl Default for AppleIds {
    fn default() -> Self {
        Self {
            payload: FieldPath::new(["signedPayload"]),
            decoded: FieldPath::new(["data", "transactionInfo"]),
            signed: FieldPath::new(["data", "signedTransactionInfo"]),
            ids: [FieldPath::new(["transactionId"]), FieldPath::new(["originalTransactionId"])],
        }
    }
}

impl AppleIds {
    /// The JWS that a notification is in, where it is still signed.
    pub fn signed_payload<'a>(&mut self, document: &'a [u8]) -> Option<&'a [u8]> {
        match self.payload.find(document) {
            Some(FieldValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The transaction of a decoded notification.
    pub fn transaction<'a>(&mut self, notification: &'a [u8]) -> Option<Transaction<'a>> {
        match self.decoded.find(notification) {
            Some(FieldValue::Container(object)) if is_object(object) => return Some(Transaction::Decoded(object)),
            _ => (),
        }
        match self.signed.find(notification) {
            Some(FieldValue::Container(object)) if is_object(object) => Some(Transaction::Decoded(object)),
            Some(FieldValue::Text(text)) => Some(Transaction::Signed(text)),
            _ => None,
        }
    }

    /// The ids of a decoded transaction.
    pub fn find<'a>(&mut self, transaction: &'a [u8]) -> [Option<FieldValue<'a>>; 2] {
        self.ids.each_mut().map(|path| path.find(transaction))
    }
}
