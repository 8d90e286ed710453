//! What is counted of pages, against plain loops over the events, for any split of the rows.

mod size;

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::visits::{Cuts, PageCounts, PageEvent, PageFigures, VisitRows, VisitSet, VisitSettings};
use proptest::prelude::*;

const PAGES: [&str; 5] = ["/", "/a", "/b", "/a/b", ""];
const AGENTS: [&str; 2] = ["Mozilla/5.0", "Googlebot/2.1"];
const DAY: i64 = 86_400_000_000;

/// Visitor, time, page of a page view, user agent.
type Row = (u16, i64, Option<usize>, Option<usize>);

fn settings(gap: i64) -> VisitSettings {
    VisitSettings { gap, with_pages: true, with_views: true, ..VisitSettings::default() }
}

fn set_of(rows: &[Row], gap: i64) -> VisitSet {
    let mut set = VisitSet::new(settings(gap)).unwrap();
    for (i, (visitor, at, page, agent)) in rows.iter().enumerate() {
        let (visitor, id) = (format!("v{visitor}"), format!("{i}-{visitor}"));
        set.push(&PageEvent {
            visitor: visitor.as_bytes(),
            at: *at,
            id: Some(id.as_bytes()),
            is_pageview: page.is_some(),
            path: page.map(|page| PAGES[page].as_bytes()),
            user_agent: agent.map(|agent| AGENTS[agent].as_bytes()),
            ..PageEvent::default()
        })
        .unwrap();
    }
    set
}

fn counted(set: &mut VisitSet, range: (i64, i64), no_bots: bool) -> BTreeMap<String, PageFigures> {
    let mut counts = PageCounts::new(range.0, range.1);
    let mut rows = set.rows(Cuts::default()).unwrap();
    counts.add(&mut rows, no_bots).unwrap();
    assert!(rows.suspects().is_empty());
    counts.pages().map(|(page, figures)| (page.to_owned(), figures)).collect()
}

fn expected(rows: &[Row], gap: i64, range: (i64, i64), no_bots: bool) -> BTreeMap<String, PageFigures> {
    let mut by_visitor: BTreeMap<u16, Vec<Row>> = BTreeMap::new();
    rows.iter().for_each(|row| by_visitor.entry(row.0).or_default().push(*row));
    let mut figures: BTreeMap<String, PageFigures> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (visitor, mut events) in by_visitor {
        events.sort_by_key(|event| event.1);
        for (nr, visit) in events.chunk_by(|a, b| b.1 - a.1 <= gap).enumerate() {
            // The smallest user agent of the visit decides.
            let agent = visit.iter().filter_map(|event| event.3).map(|agent| AGENTS[agent]).min();
            if no_bots && agent.is_some_and(|agent| agent.contains("bot")) {
                continue;
            }
            let mut views: Vec<_> = visit.iter().filter_map(|event| Some((event.1, PAGES[event.2?]))).collect();
            views.sort_unstable();
            for (i, (at, page)) in views.iter().enumerate() {
                if *at < range.0 || *at >= range.1 {
                    continue;
                }
                let of_page = figures.entry((*page).to_owned()).or_default();
                of_page.pageviews += 1;
                of_page.visitors += u64::from(seen.insert((*page, visitor, None)));
                of_page.visits += u64::from(seen.insert((*page, visitor, Some(nr))));
                of_page.entries += u64::from(i == 0);
                of_page.bounces += u64::from(i == 0 && visit.len() == 1);
                match views.get(i + 1) {
                    None => of_page.exits += 1,
                    Some((next, _)) => {
                        of_page.timed += 1;
                        of_page.days += (next - at) / DAY;
                        of_page.micros += (next - at) % DAY;
                    }
                }
            }
        }
    }
    figures
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let at = prop_oneof![0i64..200, (0i64..4).prop_map(|day| day * DAY), Just(-1i64)];
    let row = (0u16..6, at, prop::option::of(0..PAGES.len()), prop::option::of(0..AGENTS.len()));
    prop::collection::vec(row, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(1000)))]

    #[test]
    fn any_split_counts_what_plain_loops_count(
        rows in rows(), gap in prop_oneof![0i64..40, Just(2 * DAY)], since in -2i64..150, length in prop_oneof![1i64..100, Just(9 * DAY)],
        no_bots in any::<bool>(), workers in 1usize..4, shift in 0usize..4,
    ) {
        let range = (since, since + length);
        let wanted = expected(&rows, gap, range, no_bots);
        prop_assert_eq!(&counted(&mut set_of(&rows, gap), range, no_bots), &wanted);
        let mut backwards = rows.clone();
        backwards.reverse();
        prop_assert_eq!(&counted(&mut set_of(&backwards, gap), range, no_bots), &wanted);
        // Each worker's rows have ids of their own, as in a table; every other set comes as bytes.
        let mut merged = VisitSet::new(settings(gap)).unwrap().like().unwrap();
        for worker in 0..workers {
            let own: Vec<Row> = rows.iter().enumerate().filter(|(i, _)| (i + shift) % workers == worker).map(|(_, row)| *row).collect();
            let mut set = VisitSet::new(VisitSettings { counted_since: None, ..settings(gap) }).unwrap();
            for (i, (visitor, at, page, agent)) in own.iter().enumerate() {
                let (visitor, id) = (format!("v{visitor}"), format!("{worker}-{i}-{visitor}"));
                set.push(&PageEvent {
                    visitor: visitor.as_bytes(), at: *at, id: Some(id.as_bytes()), is_pageview: page.is_some(),
                    path: page.map(|page| PAGES[page].as_bytes()), user_agent: agent.map(|agent| AGENTS[agent].as_bytes()),
                    ..PageEvent::default()
                }).unwrap();
            }
            if worker % 2 == 0 {
                merged.merge_bytes(&set.serialize().unwrap()).unwrap();
            } else {
                merged.merge(&set).unwrap();
            }
        }
        prop_assert_eq!(&counted(&mut merged, range, no_bots), &wanted);
    }

    #[test]
    fn random_bytes_never_panic(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = set_of(&rows, 5).serialize().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(mut rows) = VisitRows::new(&bytes, Cuts::default()) {
            let _ = PageCounts::new(0, 100).add(&mut rows, true);
        }
    }
}

/// More visitors than a table has, who come again and again out of order: their batches are merged, and so are their page views.
#[test]
fn batches_that_are_merged_keep_the_page_views() {
    let rows: Vec<Row> = (0..120_000u32)
        .map(|i| {
            let visitor = (i.wrapping_mul(2_654_435_761) >> 7) % 20_000;
            let at = i64::from(i.wrapping_mul(40_503) % 9_000);
            (
                visitor as u16,
                at,
                (i % 3 != 0).then_some(i as usize % PAGES.len()),
                Some(usize::from(visitor.is_multiple_of(50))),
            )
        })
        .collect();
    let wanted = expected(&rows, 700, (1_000, 8_000), true);
    assert!(
        wanted.len() == PAGES.len() && wanted.values().all(|figures| figures.timed > 1_000 && figures.bounces > 100)
    );
    assert_eq!(counted(&mut set_of(&rows, 700), (1_000, 8_000), true), wanted);
}

/// A set with page views and one without are not of one kind.
#[test]
fn sets_with_other_settings_are_refused() {
    let mut set = VisitSet::new(settings(5)).unwrap();
    let other = VisitSet::new(VisitSettings { with_views: false, ..settings(5) }).unwrap();
    assert!(set.merge(&other).is_err());
    assert!(set.merge_bytes(&other.serialize().unwrap()).is_err());
}
