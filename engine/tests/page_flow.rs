//! Where visits go, against plain loops over the events, for any split of the rows.

mod size;

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::visits::{Cuts, PageEvent, PageFlow, PageFlowSettings, VisitSet, VisitSettings};
use proptest::prelude::*;

const PAGES: [&str; 4] = ["/", "/a", "/b", "/c"];
const AGENTS: [&str; 2] = ["Mozilla/5.0", "Googlebot/2.1"];

/// Visitor, time, page of a page view, user agent.
type Row = (u8, i64, Option<usize>, usize);
/// Step, source, target: visits, visitors, median.
type Flow = BTreeMap<(i32, String, String), (u64, u64, Option<i64>)>;

fn set_of(rows: &[Row], gap: i64, worker: usize) -> VisitSet {
    let settings = VisitSettings { gap, with_pages: true, with_views: true, ..VisitSettings::default() };
    let mut set = VisitSet::new(settings).unwrap();
    for (i, (visitor, at, page, agent)) in rows.iter().enumerate() {
        let (visitor, id) = (format!("v{visitor}"), format!("{worker}-{i}"));
        set.push(&PageEvent {
            visitor: visitor.as_bytes(),
            at: *at,
            id: Some(id.as_bytes()),
            is_pageview: page.is_some(),
            path: page.map(|page| PAGES[page].as_bytes()),
            user_agent: Some(AGENTS[*agent].as_bytes()),
            ..PageEvent::default()
        })
        .unwrap();
    }
    set
}

fn shown(sets: Vec<VisitSet>, settings: &PageFlowSettings) -> Flow {
    let mut flow = PageFlow::new(settings.clone()).unwrap();
    for mut set in sets {
        let mut rows = set.rows(Cuts::default()).unwrap();
        flow.add(&mut rows).unwrap();
        assert!(rows.suspects().is_empty());
    }
    let rows = flow.rows().unwrap();
    let backwards = settings.from.is_none() && settings.to.is_some();
    let name = |node: mrcall_engine::visits::Node<'_>| node.name(backwards).to_owned();
    assert!(rows.is_sorted_by_key(|row| (row.step.abs(), u64::MAX - row.visits, name(row.source), name(row.target))));
    let count = rows.len();
    let shown: Flow = rows
        .iter()
        .map(|row| ((row.step, name(row.source), name(row.target)), (row.visits, row.visitors, row.median)))
        .collect();
    assert_eq!(shown.len(), count);
    shown
}

fn expected(rows: &[Row], gap: i64, asked: &PageFlowSettings) -> Flow {
    let mut by_visitor: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
    rows.iter().for_each(|row| by_visitor.entry(row.0).or_default().push(*row));
    let mut paths: Vec<(u8, Vec<(i64, &str)>)> = Vec::new();
    for (visitor, mut events) in by_visitor {
        events.sort_by_key(|event| event.1);
        for visit in events.chunk_by(|a, b| b.1 - a.1 <= gap) {
            let is_bot = visit.iter().map(|event| AGENTS[event.3]).min() == Some(AGENTS[1]);
            if visit[0].1 < asked.since || visit[0].1 >= asked.until || asked.no_bots && is_bot {
                continue;
            }
            let mut views: Vec<_> = visit.iter().filter_map(|event| Some((event.1, PAGES[event.2?]))).collect();
            views.sort_unstable();
            views.dedup_by_key(|view| view.1);
            let at = |page: &Option<String>, from: usize| {
                (from..views.len()).find(|place| page.as_deref().is_none_or(|page| views[*place].1 == page))
            };
            let path = match (&asked.from, &asked.to) {
                (None, Some(to)) => views.iter().rposition(|view| view.1 == to).map(|last| {
                    let mut path = views[..=last].to_vec();
                    path.reverse();
                    path
                }),
                (_, None) => at(&asked.from, 0).map(|first| views[first..].to_vec()),
                (from, to) => at(from, 0).and_then(|first| at(to, first + 1).map(|last| views[first..=last].to_vec())),
            };
            paths.extend(path.filter(|path| !path.is_empty()).map(|path| (visitor, path)));
        }
    }
    let named = |place: usize, page: &str| {
        let mut visits: BTreeMap<&str, i64> = BTreeMap::new();
        paths.iter().filter_map(|(_, path)| path.get(place)).for_each(|view| *visits.entry(view.1).or_default() -= 1);
        let mut ranked: Vec<_> = visits.into_iter().map(|(page, less)| (less, page)).collect();
        ranked.sort_unstable();
        let is_shown = ranked.iter().take(asked.nodes).any(|ranked| ranked.1 == page);
        if is_shown { page.to_owned() } else { "(other)".to_owned() }
    };
    let both = asked.from.is_some() && asked.to.is_some();
    let backwards = asked.from.is_none() && asked.to.is_some();
    type Seen = (u64, BTreeSet<u8>, Vec<i64>);
    let mut cells: BTreeMap<(i32, String, String), Seen> = BTreeMap::new();
    for (visitor, path) in &paths {
        for place in 0..path.len().min(asked.depth as usize) {
            let far = path.get(place + 1);
            if far.is_none() && both {
                continue;
            }
            let end = if backwards { "(entry)" } else { "(exit)" };
            let (near, far_name) =
                (named(place, path[place].1), far.map_or(end.to_owned(), |far| named(place + 1, far.1)));
            let step = place as i32 + 1;
            let key = if backwards { (-step, far_name, near) } else { (step, near, far_name) };
            let cell = cells.entry(key).or_default();
            cell.0 += 1;
            cell.1.insert(*visitor);
            cell.2.extend(far.map(|far| (far.0 - path[place].0).abs()));
        }
    }
    let median = |mut times: Vec<i64>| {
        times.sort_unstable();
        let (low, high) = (times.get(times.len().checked_sub(1)? / 2)?, times.get(times.len() / 2)?);
        Some(low + ((high - low) as f64 / 2.0).round_ties_even() as i64)
    };
    cells
        .into_iter()
        .map(|(key, (visits, visitors, times))| (key, (visits, visitors.len() as u64, median(times))))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(1500)))]

    #[test]
    fn any_split_shows_what_plain_loops_show(
        rows in prop::collection::vec((0u8..5, 0i64..150, prop::option::weighted(0.8, 0..PAGES.len()), 0usize..2), 1..80),
        gap in 0i64..40, since in -2i64..60, length in 1i64..200, from in prop::option::of(0..PAGES.len()),
        to in prop::option::of(0..PAGES.len()), depth in 1u32..6, nodes in 1usize..5, no_bots in any::<bool>(), workers in 1usize..4,
    ) {
        let page = |page: Option<usize>| page.map(|page| PAGES[page].to_owned());
        let settings = PageFlowSettings { since, until: since + length, from: page(from), to: page(to), depth, nodes, no_bots };
        let wanted = expected(&rows, gap, &settings);
        prop_assert_eq!(&shown(vec![set_of(&rows, gap, 0)], &settings), &wanted);
        let mut merged = set_of(&[], gap, 0).like().unwrap();
        for worker in 0..workers {
            let own: Vec<Row> = rows.iter().copied().skip(worker).step_by(workers).collect();
            merged.merge_bytes(&set_of(&own, gap, worker).serialize().unwrap()).unwrap();
        }
        prop_assert_eq!(&shown(vec![merged], &settings), &wanted);
        // Some visitors in another set, whose texts have other numbers.
        let (some, others): (Vec<Row>, Vec<Row>) = rows.iter().rev().partition(|row| row.0 < 2);
        prop_assert_eq!(&shown(vec![set_of(&some, gap, 0), set_of(&others, gap, 1)], &settings), &wanted);
    }
}
