//! The numbers of all stored states, against a plain reading of their definition: seven bits a byte, the lowest first, the highest bit
//! of each but the last set.

use mrcall_engine::state::{Reader, Writer};
use proptest::prelude::*;

/// The number that bytes begin with and how many it has; `None` where they begin with none, or not in its shortest form.
fn plain(bytes: &[u8]) -> Option<(u64, usize)> {
    let end = bytes.iter().position(|byte| *byte < 0x80).filter(|end| *end < 10)?;
    let value = bytes[..=end].iter().rev().fold(0u128, |value, byte| value << 7 | u128::from(byte & 0x7f));
    if end > 0 && bytes[end] == 0 { None } else { Some((u64::try_from(value).ok()?, end + 1)) }
}

/// Numbers of every length.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(number, shift)| number >> shift)
}

/// Bytes that go on more often than not, and now and then are zero.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![5 => 0x80u8.., 2 => any::<u8>(), 1 => Just(0), 1 => Just(0x80)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn numbers_come_back_whatever_follows_them(number in number(), behind in prop::collection::vec(any::<u8>(), 0..10)) {
        let mut w = Writer::default();
        w.unsigned(number);
        w.append(&behind);
        let bytes = w.finish().unwrap();
        let mut r = Reader::resume(&bytes, "test");
        prop_assert_eq!(r.unsigned().unwrap(), number);
        prop_assert_eq!(r.left(), behind.len());
    }

    #[test]
    fn signed_numbers_come_back(number in any::<i64>(), shift in 0u32..64) {
        let number = number >> shift;
        let mut w = Writer::default();
        w.signed(number);
        let bytes = w.finish().unwrap();
        let mut r = Reader::resume(&bytes, "test");
        prop_assert_eq!(r.signed().unwrap(), number);
        prop_assert_eq!(r.left(), 0);
    }

    #[test]
    fn bytes_are_the_number_that_is_defined_or_none(bytes in prop::collection::vec(byte(), 0..14)) {
        let mut r = Reader::resume(&bytes, "test");
        let read = r.unsigned().ok().map(|number| (number, bytes.len() - r.left()));
        prop_assert_eq!(read, plain(&bytes));
    }
}
