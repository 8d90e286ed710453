//! VisitCounts by bucket of time and value, against a plain loop.

mod size;

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::state::NONE;
use mrcall_engine::visits::{BucketCounts, CountedVisit, Engagement, Run, VisitCounts, VisitPart};
use proptest::prelude::*;

fn part(start: i64, length: i64, events: u32) -> VisitPart {
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
    #![proptest_config(ProptestConfig::with_cases(size::cases(3000)))]

    #[test]
    fn a_part_counts_where_it_begins(
        starts in starts(),
        visits in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), -20_000i64..20_000, 1u32..4, 0u32..3), 0..60),
    ) {
        let mut counted = BucketCounts::new(starts.clone());
        let mut expected: BTreeMap<(u32, u32), (VisitCounts, BTreeSet<u64>)> = BTreeMap::new();
        let (mut visitor, mut is_first) = (1, true);
        for (is_next, near, off, events, value) in visits {
            visitor += u64::from(is_next);
            is_first |= is_next;
            let around = if starts.is_empty() { 0 } else { *near.get(&starts) };
            let start = around.saturating_add(off).min(i64::MAX - 1_000);
            let parts = [part(start, 7, events), part(start + 500, 3, 1)];
            let visit = VisitPart { run: Run { end: start + 503, events: events + 1, ..parts[0].run }, ..parts[0] };
            let engagement = Engagement { is_engaged: events > 1, micros: i64::from(events) };
            counted.add(CountedVisit { visitor, whole: &visit, parts: &parts, value, is_first, engagement }).unwrap();
            for (nr, piece) in parts.iter().enumerate() {
                let run = piece.run;
                let bucket = starts.iter().filter(|at| **at <= { run.start }).count() as u32;
                if bucket == 0 {
                    continue;
                }
                let (counts, visitors) = expected.entry((bucket, value)).or_default();
                visitors.insert(visitor);
                counts.visitors = visitors.len() as u64;
                counts.events += u64::from(run.events);
                counts.pageviews += u64::from(run.pageviews);
                if nr == 0 {
                    counts.visits += 1;
                    counts.micros += 503;
                    counts.new_visitors += u64::from(is_first);
                    counts.engaged_visits += u64::from(events > 1);
                    counts.engaged_micros += i64::from(events);
                }
            }
            is_first = false;
        }
        for bucket in 1..=starts.len() as u32 {
            for value in 0..3 {
                let counts = expected.get(&(bucket, value)).map(|found| found.0).unwrap_or_default();
                prop_assert_eq!(counted.counts(bucket, value), counts, "bucket {}, value {}", bucket, value);
            }
        }
    }
}
