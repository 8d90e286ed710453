//! Counts by stretch of time and value, against a plain loop.

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::state::NONE;
use mrcall_engine::visits::{BucketCounts, Counts, Run, VisitPart};
use proptest::prelude::*;

fn piece(start: i64, length: i64, events: u32) -> VisitPart {
    let run = Run { end: start + length, events, pageviews: events / 2, ..Run::of(start, NONE, NONE) };
    VisitPart { run, agent: NONE, landing: NONE }
}

/// Nearly even, as buckets are, or not at all.
fn starts() -> impl Strategy<Value = Vec<i64>> {
    let even = (-1_000_000i64..1_000_000, 1i64..10_000, prop::collection::vec(-1i64..=1, 1..50)).prop_map(
        |(first, width, jitter)| (0..).zip(jitter).map(|(i, off)| first + i * width + off * (width / 24)).collect(),
    );
    let odd = prop::collection::btree_set(prop_oneof![-5_000i64..5_000, any::<i64>()], 0..50)
        .prop_map(|set: BTreeSet<i64>| set.into_iter().collect());
    prop_oneof![even, odd].prop_map(|mut starts: Vec<i64>| {
        starts.sort_unstable();
        starts.dedup();
        starts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_piece_counts_where_it_begins(
        starts in starts(),
        visits in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), -20_000i64..20_000, 1u32..4, 0u32..3), 0..60),
    ) {
        let mut tally = BucketCounts::new(starts.clone());
        let mut expected: BTreeMap<(u32, u32), (Counts, BTreeSet<u64>)> = BTreeMap::new();
        let mut visitor = 1;
        for (is_next, near, off, events, value) in visits {
            visitor += u64::from(is_next);
            let around = if starts.is_empty() { 0 } else { *near.get(&starts) };
            let start = around.saturating_add(off).min(i64::MAX - 1_000);
            let pieces = [piece(start, 7, events), piece(start + 500, 3, 1)];
            let visit = VisitPart { run: Run { end: start + 503, events: events + 1, ..pieces[0].run }, ..pieces[0] };
            tally.add(visitor, &visit, &pieces, value);
            for (nr, piece) in pieces.iter().enumerate() {
                let run = piece.run;
                let stretch = starts.iter().filter(|at| **at <= { run.start }).count() as u32;
                if stretch == 0 {
                    continue;
                }
                let (counts, visitors) = expected.entry((stretch, value)).or_default();
                visitors.insert(visitor);
                counts.visitors = visitors.len() as u64;
                counts.events += u64::from(run.events);
                counts.pageviews += u64::from(run.pageviews);
                if nr == 0 {
                    counts.visits += 1;
                    counts.micros += 503;
                }
            }
        }
        for stretch in 1..=starts.len() as u32 {
            for value in 0..3 {
                let counts = expected.get(&(stretch, value)).map(|found| found.0).unwrap_or_default();
                prop_assert_eq!(tally.counts(stretch, value), counts, "stretch {}, value {}", stretch, value);
            }
        }
    }
}
