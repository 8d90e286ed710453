//! Every text has its own number and comes back as it was, in whichever table it is looked up.

use std::collections::HashMap;

use mrcall_engine::state::Dictionary;
use proptest::prelude::*;

/// Short texts, long ones, UUIDs, and what nearly is one.
fn text() -> impl Strategy<Value = String> {
    let uuid = "[0-9a-f]{2}000000-0000-4000-8000-00000000000[0-3]";
    prop_oneof![
        "[a-c]{0,3}",
        "[a-c\\-]{14,17}",
        "[a-b]{36}",
        uuid,
        uuid.prop_map(|text| text.to_uppercase()),
        (uuid, 0usize..36, "[0-9a-g\\-]").prop_map(|(mut text, at, other)| {
            text.replace_range(at..=at, &other);
            text
        }),
    ]
}

proptest! {
    #[test]
    fn equal_texts_and_only_these_have_one_number(texts in prop::collection::vec(text(), 0..200)) {
        let mut dictionary = Dictionary::default();
        let mut known: HashMap<String, u32> = HashMap::new();
        for text in &texts {
            let id = dictionary.intern(text.as_bytes()).unwrap();
            let next = known.len() as u32;
            prop_assert_eq!(*known.entry(text.clone()).or_insert(next), id);
        }
        prop_assert_eq!(dictionary.len(), known.len());
        for (text, id) in &known {
            prop_assert_eq!(dictionary.get(*id), text.as_bytes());
        }
    }
}
