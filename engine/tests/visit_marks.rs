//! Who may have an event twice: nobody who has is missed, whatever the split; hardly anybody else is suspect.

mod size;

use std::collections::BTreeMap;

use mrcall_engine::visits::{Cuts, PageEvent, VisitRows, VisitSet, VisitSettings};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000;
const GAP: i64 = HOUR / 2;

/// visitor, time, number of the id
type Row = (u16, i64, Option<u16>);

fn empty(counted_since: Option<i64>) -> VisitSet {
    VisitSet::new(VisitSettings { gap: GAP, counted_since, ..VisitSettings::default() }).unwrap()
}

fn push(set: &mut VisitSet, (visitor, at, id): Row) {
    let (visitor, id) = (format!("visitor {visitor}"), id.map(|id| format!("event {id}")));
    let event = PageEvent { visitor: visitor.as_bytes(), at, ..PageEvent::default() };
    set.push(&PageEvent { id: id.as_ref().map(|id| id.as_bytes()), ..event }).unwrap();
}

fn set_of(rows: &[Row], counted_since: Option<i64>) -> VisitSet {
    let mut set = empty(counted_since);
    rows.iter().for_each(|row| push(&mut set, *row));
    set
}

/// Events by visitor, and the suspects.
fn read(mut rows: VisitRows<'_>) -> (BTreeMap<String, u32>, Vec<String>) {
    let mut events = BTreeMap::new();
    while let Some(visitor) = rows.next_visitor().unwrap() {
        let visitor = visitor.text(&mut [0; 36]).to_owned();
        events.insert(visitor, rows.visit_parts().iter().map(|part| part.run.events).sum());
    }
    let suspects = rows.suspects().iter().map(|visitor| visitor.text(&mut [0; 36]).to_owned()).collect();
    (events, suspects)
}

/// Who has two events of one id at most so far apart.
fn twice(rows: &[Row], apart: i64) -> Vec<String> {
    let is_twice = |a: &Row, b: &Row| a.0 == b.0 && a.2.is_some() && a.2 == b.2 && (a.1 - b.1).abs() <= apart;
    let pairs = rows.iter().enumerate().flat_map(|(i, a)| rows[..i].iter().filter(move |b| is_twice(a, b)));
    let mut visitors: Vec<_> = pairs.map(|row| format!("visitor {}", row.0)).collect();
    visitors.sort();
    visitors.dedup();
    visitors
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Often exactly 24 hours apart, or a microsecond less or more.
    let at = (0i64..12, 0i64..3, -1i64..2).prop_map(|(quarters, days, tick)| (6 * quarters + 24 * days) * HOUR + tick);
    prop::collection::vec((0u16..5, at, prop::option::weighted(0.9, 0u16..40)), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2000)))]

    #[test]
    fn nobody_who_has_an_event_twice_is_missed(
        rows in rows(), parts in prop::collection::vec(0usize..4, 80), since in prop::option::of(0i64..120)
    ) {
        let since = since.map(|hours| hours * HOUR);
        let mut split: Vec<Vec<Row>> = vec![Vec::new(); 4];
        for (row, part) in rows.iter().zip(&parts) {
            split[*part].push(*row);
        }
        let mut merged = empty(since);
        for part in &split {
            merged.merge_bytes(&set_of(part, since).serialize().unwrap()).unwrap();
        }
        let (events, suspects) = read(merged.rows(Cuts::default()).unwrap());
        let certain = twice(&rows, 24 * HOUR);
        prop_assert!(certain.iter().all(|visitor| suspects.contains(visitor)), "{:?} of {:?}", suspects, certain);
        // Quarters of a day are compared, within one part its begin and end.
        let possible = twice(&rows, 24 * 30 * HOUR);
        prop_assert!(suspects.iter().all(|visitor| possible.contains(visitor)), "{:?} of {:?}", suspects, possible);
        // All others are counted, from their events since then.
        let mut wanted = BTreeMap::new();
        for row in rows.iter().filter(|row| since.is_none_or(|since| row.1 >= since)) {
            *wanted.entry(format!("visitor {}", row.0)).or_insert(0) += 1;
        }
        wanted.retain(|visitor, _| !suspects.contains(visitor));
        prop_assert_eq!(events, wanted);
    }
}

/// More visitors than a batch has, more events than it has marks, out of order of time so that batches are merged: a few twice, far
/// from each other in the order of arrival.
#[test]
fn deliveries_are_found_across_batches() {
    let (visitors, times) = (20_000u32, 6);
    let mut set = empty(None);
    let at =
        |visitor: u32, time: u32| i64::from((visitor * 7_919) % visitors) * HOUR / 500 + i64::from(time) * 7 * HOUR;
    let mut push = |visitor: u32, id: String, at: i64| {
        let visitor = format!("visitor {visitor}");
        let event = PageEvent { visitor: visitor.as_bytes(), at, ..PageEvent::default() };
        set.push(&PageEvent { id: Some(id.as_bytes()), ..event }).unwrap();
    };
    for time in 0..times {
        for visitor in 0..visitors {
            push(visitor, format!("event {visitor} {time}"), at(visitor, time));
        }
    }
    let again = [5, 7_168, 19_999];
    for visitor in again {
        push(visitor, format!("event {visitor} 0"), at(visitor, 0) + 23 * HOUR);
    }
    // Others at once: the batches with both are merged.
    for visitor in [6, 7_169, 19_998] {
        push(visitor, format!("event {visitor} 5"), at(visitor, 5));
    }
    let again = [5, 7_168, 19_999, 6, 7_169, 19_998];
    let bytes = set.serialize().unwrap();
    for rows in [VisitRows::new(&bytes, Cuts::default()).unwrap(), set.rows(Cuts::default()).unwrap()] {
        let (events, mut suspects) = read(rows);
        suspects.sort();
        let mut wanted = again.map(|visitor| format!("visitor {visitor}"));
        wanted.sort();
        assert_eq!(suspects, wanted);
        assert_eq!(events.len(), visitors as usize - again.len());
        assert!(events.values().all(|events| *events == times));
    }
}

/// One visitor with very many events: marks alike by chance are rare, and of days far from each other they are not compared.
#[test]
fn many_events_of_one_visitor_are_not_suspect() {
    let mut set = empty(None);
    for i in 0..300_000u32 {
        let id = format!("{i:032x}");
        let at = i64::from(i) * 60_000_000;
        set.push(&PageEvent { visitor: b"monitor", at, id: Some(id.as_bytes()), ..PageEvent::default() }).unwrap();
    }
    let (events, suspects) = read(set.rows(Cuts::default()).unwrap());
    assert_eq!((events.get("monitor"), suspects.len()), (Some(&300_000), 0));
}
