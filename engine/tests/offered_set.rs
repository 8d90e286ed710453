//! The calls offered to many businesses: the figures beside a plain count; order, split and merge change no row, and no bytes panic.

mod size;

use mrcall_engine::ErrorKind;
use mrcall_engine::calls::{
    OfferedCall, OfferedSet, Service, ServiceFigures, ServiceRule, SummaryRange, mean, percentile, within_call,
};
use proptest::prelude::*;

type Row = (Option<&'static str>, i64, Option<i64>, Option<i64>, Option<bool>, Option<&'static str>);
/// Bucket, business, figures.
type Found = (i64, Option<String>, ServiceFigures);
/// Start, end, answer, whether it was answered, when the wait was over.
type Waited = (i64, Option<i64>, Option<i64>, bool, Option<i64>);

const SINCE: i64 = 20;
const BUCKETS: [i64; 5] = [13, 27, 41, 55, 69];
const BUSINESSES: [Option<&str>; 4] = [Some("a"), Some("a business of more than fifteen bytes"), Some("b"), None];

fn set_of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> OfferedSet {
    let mut set = OfferedSet::new(SINCE).unwrap();
    for (business, start, end, answered_at, answered, direction) in rows {
        let call = OfferedCall {
            business: *business,
            start: *start,
            end: *end,
            answered_at: *answered_at,
            answered: *answered,
            direction: *direction,
        };
        set.push(&call).unwrap();
    }
    set
}

fn service(
    bytes: Option<&[u8]>,
    buckets: &[i64],
    fill: Option<&[&str]>,
    rule: &ServiceRule,
) -> mrcall_engine::Result<Vec<Found>> {
    let mut service = Service::new(bytes, &SummaryRange { since: SINCE, buckets, fill }, rule)?;
    let mut found = Vec::new();
    while let Some(row) = service.next_row() {
        found.push((row.bucket, service.business(row.business).map(str::to_owned), row.figures));
    }
    Ok(found)
}

/// The same rows without buckets of no call, one figure after the other.
fn plain(rows: &[Row], rule: &ServiceRule) -> Vec<Found> {
    let mut found = Vec::new();
    for (place, bucket) in BUCKETS.into_iter().enumerate() {
        let until = BUCKETS.get(place + 1).copied().unwrap_or(i64::MAX);
        for business in BUSINESSES {
            let offered = rows.iter().filter(|row| row.0 == business && row.5 != Some("outbound"));
            let offered: Vec<_> = offered
                .map(|row| {
                    let answer = row.3.and_then(|at| within_call(at, row.1, row.2));
                    let is_answered = answer.is_some() || row.4 == Some(true);
                    let over = if is_answered { answer } else { row.2.filter(|end| *end >= row.1) };
                    (row.1, row.2, answer, is_answered, over)
                })
                .collect();
            let own: Vec<_> =
                offered.iter().filter(|call| call.0 >= SINCE.max(bucket) && call.0 < until).copied().collect();
            if own.is_empty() {
                continue;
            }
            let count = |keep: &dyn Fn(&Waited) -> bool| own.iter().filter(|call| keep(call)).count() as u32;
            let (answered, abandoned) = (count(&|c| c.3), count(&|c| !c.3 && c.1.is_some()));
            let short = count(&|c| !c.3 && c.4.is_some_and(|over| over - c.0 < rule.short_abandon));
            let unknown = count(&|c| c.3 && c.4.is_none());
            let mut waits: Vec<_> = own.iter().filter(|c| c.3).filter_map(|c| Some(c.4? - c.0)).collect();
            waits.sort_unstable();
            let talks: Vec<_> = own.iter().filter_map(|c| Some(c.1? - c.2?)).collect();
            let sum = |all: &[i64]| all.iter().map(|one| i128::from(*one)).sum::<i128>();
            let waiting_at =
                |at: i64| offered.iter().filter(|c| c.0 <= at && c.4.is_some_and(|over| over > at)).count();
            let instants = own.iter().map(|c| c.0).chain([bucket.max(SINCE)]);
            found.push((
                bucket,
                business.map(str::to_owned),
                ServiceFigures {
                    offered: own.len() as u32,
                    answered,
                    abandoned,
                    waiting: own.len() as u32 - answered - abandoned,
                    in_time: (
                        count(&|c| c.3 && c.4.is_some_and(|over| over - c.0 <= rule.within)),
                        answered + abandoned - short - unknown,
                    ),
                    waits: mean(sum(&waits), waits.len())
                        .zip(percentile(&waits, 0.95))
                        .map(|(mean, high)| [mean, high]),
                    longest_wait: own.iter().filter_map(|c| Some(c.4? - c.0)).max(),
                    mean_talk: mean(sum(&talks), talks.len()),
                    peak_waiting: instants.map(waiting_at).max().unwrap_or_default() as u32,
                },
            ));
        }
    }
    found
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::sample::select(&BUSINESSES[..]),
        0i64..80,
        prop::option::weighted(0.8, -2i64..60),
        prop::option::weighted(0.7, -1i64..30),
        any::<Option<bool>>(),
        prop::sample::select(&[None, Some("inbound"), Some("inbound"), Some("outbound")][..]),
    );
    let row = row.prop_map(|(business, start, length, wait, answered, direction)| {
        (business, start, length.map(|length| start + length), wait.map(|wait| start + wait), answered, direction)
    });
    prop::collection::vec(row, 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2000)))]

    #[test]
    fn figures_are_those_of_a_plain_count(rows in rows(60), within in 0i64..30, short_abandon in 0i64..30) {
        let rule = ServiceRule::new(within, short_abandon).unwrap();
        let found = service(Some(&set_of(&rows).serialize().unwrap()), &BUCKETS, None, &rule).unwrap();
        prop_assert_eq!(found, plain(&rows, &rule));
    }

    #[test]
    fn order_split_and_merge_change_no_row(
        rows in rows(60), parts in prop::collection::vec(0usize..4, 60), order in any::<u64>(), fills in any::<bool>()
    ) {
        let rule = ServiceRule::new(10, 3).unwrap();
        let fill = ["a", "nobody"];
        let fill = fills.then_some(&fill[..]);
        let rows: Vec<_> = rows.into_iter().filter(|row| !fills || row.0 == Some("a")).collect();
        let whole = set_of(&rows).serialize().unwrap();
        let mut shuffled: Vec<_> = rows.iter().enumerate().collect();
        shuffled.sort_by_key(|(i, _)| (*i as u64).wrapping_add(order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut merged = OfferedSet::new(SINCE).unwrap();
        for part in 0..4 {
            let own = set_of(shuffled.iter().filter(|(i, _)| parts[*i] == part).map(|(_, row)| *row));
            merged.merge(&OfferedSet::deserialize(&own.serialize().unwrap()).unwrap()).unwrap();
        }
        let found = service(Some(&whole), &BUCKETS, fill, &rule).unwrap();
        prop_assert_eq!(&found, &service(Some(&merged.serialize().unwrap()), &BUCKETS, fill, &rule).unwrap());
        for (_, _, figures) in &found {
            prop_assert_eq!(figures.offered, figures.answered + figures.abandoned + figures.waiting);
        }
        if fills {
            prop_assert_eq!(found.len(), 2 * BUCKETS.len());
        }
    }

    #[test]
    fn bytes_that_no_set_wrote_never_panic(
        rows in rows(20), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        random in prop::collection::vec(any::<u8>(), 0..100)
    ) {
        let mut bytes = set_of(&rows).serialize().unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at); } else { bytes[at] = byte; }
        // A header, since, one part of that length.
        let framed = [b"O\x01\x28\x01".as_slice(), &[random.len() as u8], &random].concat();
        for bytes in [bytes, random, framed] {
            if let Err(error) = service(Some(&bytes), &[13, 27, 41], None, &ServiceRule::new(1, 0).unwrap()) {
                prop_assert_eq!(error.kind, ErrorKind::MalformedBinary, "{}", error);
            }
        }
    }
}

#[test]
fn bad_instants_and_rules_are_errors() {
    let call = OfferedCall { start: 30, ..OfferedCall::default() };
    for bad in [
        OfferedCall { start: i64::MAX, ..call },
        OfferedCall { end: Some(i64::MIN), ..call },
        OfferedCall { answered_at: Some(i64::MAX), ..call },
        OfferedCall { start: i64::MIN + 1, end: Some(i64::MAX - 1), ..call },
    ] {
        let error = OfferedSet::new(SINCE).unwrap().push(&bad).unwrap_err();
        assert_eq!(error.kind, ErrorKind::DatetimeOutOfRange, "{bad:?}");
    }
    assert_eq!(OfferedSet::new(i64::MAX).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    let mut set = set_of(&[]);
    assert_eq!(set.merge(&OfferedSet::new(SINCE + 1).unwrap()).unwrap_err().kind, ErrorKind::InvalidArgument);
    for (within, short_abandon) in [(-1, 0), (0, -1)] {
        assert_eq!(ServiceRule::new(within, short_abandon).unwrap_err().kind, ErrorKind::InvalidArgument);
    }
    let rule = ServiceRule::new(0, 0).unwrap();
    let other = OfferedSet::new(SINCE + 1).unwrap().serialize().unwrap();
    assert_eq!(service(Some(&other), &[20], None, &rule).unwrap_err().kind, ErrorKind::MalformedBinary);
    assert_eq!(service(None, &[20, 30], Some(&["a"]), &rule).unwrap().len(), 2);
}
