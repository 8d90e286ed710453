//! The calls of many businesses: order, split and merge change no row, and no bytes panic.

mod size;

use std::cell::Cell;

use mrcall_engine::ErrorKind;
use mrcall_engine::calls::{CallSet, Figures, SourceCall, Summary, SummaryRange};
use mrcall_engine::resource::memory;
use proptest::prelude::*;

thread_local! {
    // Tests run side by side, each in a thread of its own.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

type Row = (Option<&'static str>, i64, Option<i64>, Option<&'static str>, Option<bool>, Option<&'static str>);
/// Bucket, business, figures, outcomes.
type Found = (i64, Option<String>, Figures, String);

const SINCE: i64 = 20;

fn set_of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> CallSet {
    let mut set = CallSet::new(SINCE).unwrap();
    for (business, start, end, outcome, answered, caller) in rows {
        let call = SourceCall {
            business: *business,
            start: *start,
            end: *end,
            outcome: *outcome,
            answered: *answered,
            caller: *caller,
        };
        set.push(&call).unwrap();
    }
    set
}

fn summary(bytes: Option<&[u8]>, buckets: &[i64], fill: Option<&[&str]>) -> mrcall_engine::Result<Vec<Found>> {
    let mut summary = Summary::new(bytes, &SummaryRange { since: SINCE, buckets, fill })?;
    let mut found = Vec::new();
    while let Some(row) = summary.next_row() {
        let (bucket, business, figures, outcomes) = (row.bucket, row.business, row.figures, row.outcomes.to_vec());
        found.push((bucket, summary.business(business).map(str::to_owned), figures, summary.json(&outcomes)));
    }
    Ok(found)
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let text = |all: &'static [&'static str]| prop::option::of(prop::sample::select(all));
    let row = (
        text(&["a", "b", "a business of more than fifteen bytes"]),
        0i64..80,
        prop::option::weighted(0.9, -2i64..60),
        text(&["done", "missed", "\"quoted\"", "(not set)"]),
        any::<Option<bool>>(),
        text(&["+1", "+2", "", "a caller of more than fifteen bytes"]),
    );
    prop::collection::vec(row.prop_map(|(b, s, l, o, a, c)| (b, s, l.map(|l| s + l), o, a, c)), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2000)))]

    #[test]
    fn order_split_and_merge_change_no_row(
        rows in rows(60), parts in prop::collection::vec(0usize..4, 60), order in any::<u64>(), fills in any::<bool>()
    ) {
        let fill = ["a", "nobody"];
        let fill = fills.then_some(&fill[..]);
        let rows: Vec<_> = rows.into_iter().filter(|row| !fills || row.0 == Some("a")).collect();
        let buckets = [13, 27, 41, 55, 69];
        let whole = set_of(&rows).serialize().unwrap();
        let mut shuffled: Vec<_> = rows.iter().enumerate().collect();
        shuffled.sort_by_key(|(i, _)| (*i as u64).wrapping_add(order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut merged = CallSet::new(SINCE).unwrap();
        for part in 0..4 {
            let own = set_of(shuffled.iter().filter(|(i, _)| parts[*i] == part).map(|(_, row)| *row));
            merged.merge(&CallSet::deserialize(&own.serialize().unwrap()).unwrap()).unwrap();
        }
        let found = summary(Some(&whole), &buckets, fill).unwrap();
        prop_assert_eq!(&found, &summary(Some(&merged.serialize().unwrap()), &buckets, fill).unwrap());
        let places: Vec<_> = found.iter().map(|row| (row.0, row.1.is_none(), row.1.clone())).collect();
        prop_assert!(places.is_sorted());
        let calls: u32 = found.iter().map(|row| row.2.calls).sum();
        prop_assert_eq!(calls as usize, rows.iter().filter(|row| row.1 >= SINCE).count());
        if fills {
            prop_assert_eq!(found.len(), 2 * buckets.len());
        }
    }

    #[test]
    fn bytes_that_no_set_wrote_never_panic(
        rows in rows(20), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(), fills in any::<bool>()
    ) {
        let mut bytes = set_of(&rows).serialize().unwrap();
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at); } else { bytes[at] = byte; }
        let fill = fills.then_some(&[][..]);
        if let Err(error) = summary(Some(&bytes), &[13, 27, 41], fill) {
            prop_assert!(matches!(error.kind, ErrorKind::MalformedBinary | ErrorKind::DatetimeOutOfRange), "{}", error);
        }
    }

    #[test]
    fn random_bytes_never_panic(random in prop::collection::vec(any::<u8>(), 0..100)) {
        // A header, since, one part of that length.
        let framed = [b"K\x01\x28\x01".as_slice(), &[random.len() as u8], &random].concat();
        for bytes in [random, framed] {
            if let Err(error) = summary(Some(&bytes), &[20], None) {
                prop_assert!(matches!(error.kind, ErrorKind::MalformedBinary | ErrorKind::DatetimeOutOfRange), "{}", error);
            }
        }
    }
}

#[test]
fn known_callers_are_not_new() {
    let mut set =
        set_of(&[(Some("a"), 30, None, None, None, Some("+1")), (Some("b"), 30, None, None, None, Some("+1"))]);
    set.know("a", "+1").unwrap();
    let found = summary(Some(&set.serialize().unwrap()), &[20], None).unwrap();
    let new: Vec<_> = found.iter().map(|row| (row.1.as_deref(), row.2.callers, row.2.new_callers)).collect();
    assert_eq!(new, [(Some("a"), 1, 0), (Some("b"), 1, 1)]);
}

#[test]
fn limits_and_bad_instants_are_errors() {
    for (start, end) in [(i64::MAX, None), (i64::MIN, None), (30, Some(i64::MAX)), (30, Some(i64::MIN))] {
        let call = SourceCall { start, end, ..SourceCall::default() };
        let error = CallSet::new(SINCE).unwrap().push(&call).unwrap_err();
        assert_eq!(error.kind, ErrorKind::DatetimeOutOfRange);
    }
    assert_eq!(CallSet::new(i64::MAX).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    let mut set = set_of(&[]);
    assert_eq!(set.merge(&CallSet::new(SINCE + 1).unwrap()).unwrap_err().kind, ErrorKind::InvalidArgument);
    let many: Vec<Row> = (0..3_000_000).map(|i| (Some("a"), 30 + i % 7, None, None, None, None)).collect();
    let bytes = set_of(&many).serialize().unwrap();
    // 32 bytes each.
    memory::on_limit(|| LIMIT.get());
    LIMIT.set(90_000_000);
    assert_eq!(summary(Some(&bytes), &[20], None).unwrap_err().kind, ErrorKind::LimitExceeded);
    LIMIT.set(200_000_000);
    assert_eq!(summary(Some(&bytes), &[20], None).unwrap().len(), 1);
    let fill: Vec<_> = (0..11).map(|i| i.to_string()).collect();
    let fill: Vec<_> = fill.iter().map(String::as_str).collect();
    let buckets: Vec<_> = (0..1_000_000).collect();
    assert_eq!(summary(None, &buckets, Some(&fill)).unwrap_err().kind, ErrorKind::LimitExceeded);
    assert_eq!(summary(None, &buckets[..3], Some(&fill)).unwrap().len(), 33);
}
