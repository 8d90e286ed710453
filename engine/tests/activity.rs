//! In which buckets visitors were there, against plain loops over the events, for any split of the rows.

mod size;

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::visits::{
    ActiveCounts, Activity, Cuts, LifeStages, LifecycleCounts, PageEvent, VisitSet, VisitSettings, WINDOWS,
};
use proptest::prelude::*;

const AGENTS: [&str; 2] = ["Mozilla/5.0 (Windows NT 10.0)", "Googlebot/2.1"];

/// Visitor, time, user agent.
type Row = (u8, i64, usize);

#[derive(Debug, Clone)]
struct World {
    starts: Vec<i64>,
    gap: i64,
    no_bots: bool,
}

impl World {
    fn gap(&self) -> i64 {
        if self.no_bots { self.gap } else { i64::MAX }
    }

    fn set_of(&self, rows: &[Row], worker: usize) -> VisitSet {
        let settings = VisitSettings { gap: self.gap(), cuts: self.starts.clone(), ..VisitSettings::default() };
        let mut set = VisitSet::new(settings).unwrap();
        for (i, (visitor, at, agent)) in rows.iter().enumerate() {
            let (visitor, id) = (format!("v{visitor}"), format!("{worker}-{i}"));
            let (id, user_agent) = (Some(id.as_bytes()), Some(AGENTS[*agent].as_bytes()));
            set.push(&PageEvent { visitor: visitor.as_bytes(), at: *at, id, user_agent, ..PageEvent::default() })
                .unwrap();
        }
        set
    }

    /// First event and buckets of each visitor.
    fn seen(&self, mut set: VisitSet) -> Vec<(i64, Vec<u32>)> {
        let starts = HeldVec::copy(&self.starts).unwrap();
        let activity = Activity { starts, gap: self.gap(), no_bots: self.no_bots };
        let (mut rows, mut seen) = (set.rows(Cuts::new(self.starts.clone())).unwrap(), Vec::new());
        activity.each(&mut rows, |first, active, _| seen.push((first, active.to_vec()))).unwrap();
        assert!(rows.suspects().is_empty());
        seen
    }

    fn expected(&self, rows: &[Row]) -> Vec<(i64, Vec<u32>)> {
        let mut by_visitor: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
        rows.iter().for_each(|row| by_visitor.entry(row.0).or_default().push(*row));
        let of = |mut events: Vec<Row>| {
            events.sort_by_key(|event| event.1);
            let visits = events.chunk_by(|a, b| b.1 - a.1 <= self.gap);
            let is_bot = |visit: &&[Row]| visit.iter().map(|event| AGENTS[event.2]).min() == Some(AGENTS[1]);
            let hits: Vec<i64> =
                visits.filter(|visit| !(self.no_bots && is_bot(visit))).flatten().map(|event| event.1).collect();
            let bucket = |at: &i64| self.starts.iter().rposition(|start| start <= at).map(|place| place as u32);
            let active: BTreeSet<u32> = hits.iter().filter_map(bucket).collect();
            hits.first().map(|first| (*first, active.into_iter().collect()))
        };
        by_visitor.into_values().filter_map(of).collect()
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0u8..6, -30i64..120, 0usize..2), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(1000)))]

    #[test]
    fn any_split_sees_what_plain_loops_see(
        rows in rows(), first in -10i64..40, widths in prop::collection::vec(0i64..20, 0..8), gap in 0i64..30, no_bots in any::<bool>(),
        workers in 1usize..4,
    ) {
        let ends = widths.iter().scan(first, |at, width| { *at += width; Some(*at) });
        let world = World { starts: std::iter::once(first).chain(ends).collect(), gap, no_bots };
        let wanted = world.expected(&rows);
        prop_assert_eq!(&world.seen(world.set_of(&rows, 0)), &wanted);
        let mut merged = world.set_of(&[], 0).like().unwrap();
        for worker in 0..workers {
            let own: Vec<Row> = rows.iter().copied().skip(worker).step_by(workers).collect();
            merged.merge_bytes(&world.set_of(&own, worker).serialize().unwrap()).unwrap();
        }
        prop_assert_eq!(&world.seen(merged), &wanted);
    }

    #[test]
    fn stages_are_what_plain_loops_count(rows in rows(), width in 1i64..20, early in 0i64..20, buckets in 1usize..7) {
        // The range begins within the first bucket.
        let (start, since) = (20, 20 + early % width);
        let mut starts = vec![start - width];
        starts.extend((since > start).then_some(start));
        let first = starts.len();
        starts.push(since);
        starts.extend((1..buckets as i64).map(|nr| start + nr * width));
        let end = start + buckets as i64 * width;
        let rows: Vec<Row> = rows.into_iter().filter(|row| row.1 < end).collect();
        let world = World { starts: starts.clone(), gap: 0, no_bots: false };
        let mut counts = LifecycleCounts::new(first as u32, buckets).unwrap();
        for (at, active) in world.seen(world.set_of(&rows, 0)) {
            counts.add(at, &active, &starts, &mut Default::default());
        }
        let mut events: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
        rows.iter().for_each(|row| events.entry(row.0).or_default().push(row.1));
        for bucket in 0..buckets as i64 {
            let clip = |nr: i64| [since.max(start + nr * width), start + (nr + 1) * width];
            let [from, to] = clip(bucket);
            let before = if bucket == 0 { [start - width, start] } else { clip(bucket - 1) };
            let mut wanted = LifeStages::default();
            for at in events.values() {
                let within = |[from, to]: [i64; 2]| at.iter().any(|at| *at >= from && *at < to);
                let (is_here, was_here, first) = (within([from, to]), within(before), *at.iter().min().unwrap());
                wanted.new += u64::from(is_here && first >= from);
                wanted.returned += u64::from(is_here && was_here);
                wanted.resurrecting += u64::from(is_here && !was_here && first < from);
                wanted.dormant += u64::from(!is_here && was_here);
            }
            prop_assert_eq!(counts.stages()[bucket as usize], wanted);
        }
    }

    #[test]
    fn windows_hold_who_was_there(
        // A zone may leave days out.
        days in prop::collection::btree_set(0i32..70, 1..50), visitors in prop::collection::vec(prop::collection::btree_set(0u32..50, 0..12), 0..8),
    ) {
        let days: Vec<i32> = days.into_iter().collect();
        let mut counts = ActiveCounts::new(HeldVec::copy(&days).unwrap()).unwrap();
        let visitors: Vec<Vec<u32>> =
            visitors.iter().map(|own| own.iter().copied().filter(|day| (*day as usize) < days.len()).collect()).collect();
        visitors.iter().for_each(|own| counts.add(own, &mut Default::default()));
        let wanted: Vec<(i32, [i64; 3])> = days.iter().map(|day| (*day, WINDOWS.map(|length| {
            let within = |place: &u32| (day - length as i32 + 1..=*day).contains(&days[*place as usize]);
            visitors.iter().filter(|own| own.iter().any(within)).count() as i64
        }))).collect();
        prop_assert_eq!(counts.days().collect::<Vec<_>>(), wanted);
    }
}
