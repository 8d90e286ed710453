//! Fields of documents: names compared eight bytes at a time, and as slices. By themselves slices compare faster;
//! what decides is the call within the search.

use divan::{Bencher, black_box, counter::ItemsCount};

use crate::Random;

mod plain;
mod trick;

const NAMES: [&str; 7] = ["id", "occurred_at", "visitor_id", "page_url", "referrer", "user_agent", "type"];
const DOCUMENTS: usize = 2_000;

/// An object of texts as the server stores it: a header, the words of keys and values, and their bytes.
fn document(random: &mut Random) -> Vec<u8> {
    let mut names = NAMES;
    names.sort_by_key(|name| (name.len(), *name));
    let mut texts: Vec<String> = names.map(String::from).to_vec();
    texts.extend(names.map(|_| random.uuid()[..8 + random.below(28) as usize].to_string()));
    let mut bytes = (0x2000_0000 | NAMES.len() as u32).to_ne_bytes().to_vec();
    for (place, text) in texts.iter().enumerate() {
        let is_end = if place == 0 { 0x8000_0000 } else { 0 };
        bytes.extend((is_end | text.len() as u32).to_ne_bytes());
    }
    texts.iter().for_each(|text| bytes.extend(text.as_bytes()));
    bytes
}

fn fields<P>(bencher: Bencher<'_, '_>, mut paths: [P; 7], find: impl Fn(&mut P, &[u8]) -> usize) {
    let mut random = Random(9);
    let documents: Vec<_> = (0..DOCUMENTS).map(|_| document(&mut random)).collect();
    bencher.counter(ItemsCount::new(DOCUMENTS * NAMES.len())).bench_local(|| {
        let fields = documents.iter().flat_map(|document| paths.each_mut().map(|path| find(path, black_box(document))));
        let bytes: usize = fields.sum();
        assert!(bytes >= 8 * DOCUMENTS * NAMES.len());
        bytes
    });
}

#[divan::bench]
fn name_trick(bencher: Bencher<'_, '_>) {
    use trick::jsonb::{FieldPath, FieldValue};
    fields(bencher, NAMES.map(|name| FieldPath::new([name])), |path, document| match path.find(document) {
        Some(FieldValue::Text(text)) => text.len(),
        _ => 0,
    });
}

#[divan::bench]
fn name_plain(bencher: Bencher<'_, '_>) {
    use plain::jsonb::{FieldPath, FieldValue};
    fields(bencher, NAMES.map(|name| FieldPath::new([name])), |path, document| match path.find(document) {
        Some(FieldValue::Text(text)) => text.len(),
        _ => 0,
    });
}
