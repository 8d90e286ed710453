//! Whether somebody was there in a visit, and for how long, against plain loops over the events, for any split of the rows.

mod size;

use std::collections::BTreeMap;

use mrcall_engine::visits::{Cuts, Engagement, PageEvent, VisitRows, VisitSet, VisitSettings};
use proptest::prelude::*;

const S: i64 = 1_000_000;
const TYPES: [&str; 4] = ["page_view", "heartbeat", "ping", "click"];

/// Visitor, time, type, whether it is a key event.
type Row = (u8, i64, usize, bool);

fn set_of(rows: &[Row], gap: i64, cuts: &[i64], worker: usize) -> VisitSet {
    let heartbeats = vec!["ping".to_owned(), "heartbeat".to_owned()];
    let settings =
        VisitSettings { gap, cuts: cuts.to_vec(), with_moments: true, heartbeats, ..VisitSettings::default() };
    let mut set = VisitSet::new(settings).unwrap();
    for (i, (visitor, at, kind, is_key)) in rows.iter().enumerate() {
        let (visitor, id) = (format!("v{visitor}"), format!("{worker}-{i}"));
        set.push(&PageEvent {
            visitor: visitor.as_bytes(),
            at: *at,
            id: Some(id.as_bytes()),
            is_pageview: *kind == 0,
            path: (*kind == 0).then_some(b"/"),
            event_type: Some(TYPES[*kind].as_bytes()),
            is_key: *is_key,
            ..PageEvent::default()
        })
        .unwrap();
    }
    set
}

/// By visitor and visit.
fn told(mut set: VisitSet, gap: i64, cuts: &[i64], cap: i64) -> BTreeMap<(String, i64), Engagement> {
    let (mut rows, mut told) = (set.rows(Cuts::new(cuts.to_vec())).unwrap(), BTreeMap::new());
    while let Some(visitor) = rows.next_visitor().unwrap() {
        let mut moments = rows.views();
        for parts in rows.visit_parts().chunk_by(|a, b| b.run.start - a.run.end <= gap) {
            let visit = rows.visit(parts).unwrap();
            let own = moments.iter().filter(|moment| moment.at <= { visit.run.end }).count();
            let engagement = Engagement::of(&visit, &moments[..own], cap);
            moments = &moments[own..];
            told.insert((visitor.text(&mut [0; 36]).to_owned(), visit.run.start), engagement);
        }
        assert!(moments.is_empty());
    }
    assert!(rows.suspects().is_empty());
    told
}

fn expected(rows: &[Row], gap: i64, cap: i64) -> BTreeMap<(String, i64), Engagement> {
    let mut by_visitor: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
    rows.iter().for_each(|row| by_visitor.entry(row.0).or_default().push(*row));
    let mut told = BTreeMap::new();
    for (visitor, mut events) in by_visitor {
        events.sort_by_key(|event| event.1);
        for visit in events.chunk_by(|a, b| b.1 - a.1 <= gap) {
            let times: Vec<i64> = visit.iter().filter(|event| event.2 < 3).map(|event| event.1).collect();
            let micros = times.windows(2).map(|pair| (pair[1] - pair[0]).min(cap)).sum();
            let is_engaged = visit[visit.len() - 1].1 - visit[0].1 > 10 * S
                || visit.iter().filter(|event| event.2 == 0).count() > 1
                || visit.iter().any(|event| event.3);
            told.insert((format!("v{visitor}"), visit[0].1), Engagement { is_engaged, micros });
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(1500)))]

    #[test]
    fn any_split_tells_what_plain_loops_tell(
        rows in prop::collection::vec((0u8..5, (0i64..300).prop_map(|at| at * S / 2), 0usize..4, prop::bool::weighted(0.1)), 1..80),
        gap in 0i64..40, cap in 0i64..30, cuts in prop::collection::btree_set(0i64..150, 0..4), workers in 1usize..4,
    ) {
        let (gap, cap, cuts) = (gap * S, cap * S, cuts.into_iter().map(|at| at * S).collect::<Vec<_>>());
        let wanted = expected(&rows, gap, cap);
        prop_assert_eq!(&told(set_of(&rows, gap, &cuts, 0), gap, &cuts, cap), &wanted);
        let mut merged = set_of(&[], gap, &cuts, 0).like().unwrap();
        for worker in 0..workers {
            let own: Vec<Row> = rows.iter().copied().rev().skip(worker).step_by(workers).collect();
            merged.merge_bytes(&set_of(&own, gap, &cuts, worker).serialize().unwrap()).unwrap();
        }
        prop_assert_eq!(&told(merged, gap, &cuts, cap), &wanted);
    }

    #[test]
    fn random_bytes_never_panic(rows in prop::collection::vec((0u8..3, 0i64..200, 0usize..4, any::<bool>()), 1..20), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = set_of(&rows, 5, &[], 0).serialize().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(mut rows) = VisitRows::new(&bytes, Cuts::default()) {
            while let Ok(Some(_)) = rows.next_visitor() {
                for visit in rows.visit_parts() {
                    let _ = Engagement::of(visit, rows.views(), 30);
                }
            }
        }
    }
}

/// Events far out of order of time, so that batches are merged on the way.
#[test]
fn late_moments_count_in_their_visits() {
    let rows: Vec<Row> = (0..40_000i64)
        .map(|i| ((i % 200) as u8, (i * 7_919 % 40_000) * 5 * S, (i % 4) as usize, i % 50 == 0))
        .collect();
    assert_eq!(told(set_of(&rows, 60 * S, &[], 0), 60 * S, &[], 30 * S), expected(&rows, 60 * S, 30 * S));
}
