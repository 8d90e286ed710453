//! Texts as a set of bytes: it has what was put in, nothing else, and foreign bytes do no harm.

use mrcall_engine::state::{text_set, text_set_has};
use proptest::prelude::*;

proptest! {
    #[test]
    fn has_what_was_put_in_and_nothing_else(
        texts in prop::collection::vec("[ab]{0,5}|[0-9a-f]{36}", 0..200), others in prop::collection::vec("[ab]{0,6}", 0..200),
    ) {
        let set = text_set(&texts).unwrap();
        for text in texts.iter().chain(&others) {
            prop_assert_eq!(text_set_has(&set, text.as_bytes()), texts.contains(text), "{:?}", text);
        }
    }

    #[test]
    fn foreign_bytes_do_no_harm(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), texts in prop::collection::vec("[ab]{0,5}", 1..50),
    ) {
        text_set_has(&bytes, b"a");
        let mut set = text_set(&texts).unwrap();
        let from = at.index(set.len());
        bytes.truncate(set.len() - from);
        set[from..from + bytes.len()].copy_from_slice(&bytes);
        text_set_has(&set, texts[0].as_bytes());
        text_set_has(&set[..from], texts[0].as_bytes());
    }
}
