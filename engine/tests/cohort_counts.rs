//! Who came back in which period, against plain loops over the events, for any split of the rows.

mod size;

use std::collections::BTreeMap;

use mrcall_engine::own_rules::OwnRules;
use mrcall_engine::visits::{
    CohortCounts, CohortSettings, Cuts, Dimension, PageEvent, Period, VisitSet, VisitSettings, VisitValues,
};
use proptest::prelude::*;

const AGENTS: [&str; 3] = ["Mozilla/5.0 (Windows NT 10.0)", "Mozilla/5.0 (iPhone)", "Googlebot/2.1"];

/// Visitor, time, user agent.
type Row = (u8, i64, usize);
/// Period of the calendar, device, period.
type Counted = BTreeMap<(u32, String, Period), u64>;

fn set_of(rows: &[Row], settings: &CohortSettings, worker: usize) -> VisitSet {
    let gap = if settings.by_start && !settings.no_bots { i64::MAX } else { settings.gap };
    let gap = settings.step.map_or(gap, |step| step.min(gap));
    let cuts = if settings.step.is_some() {
        Vec::new()
    } else {
        settings.starts.iter().map(|at| *at.max(&settings.since)).collect()
    };
    let mut set = VisitSet::new(VisitSettings { gap, cuts, ..VisitSettings::default() }).unwrap();
    for (i, (visitor, at, agent)) in rows.iter().enumerate() {
        let (visitor, id) = (format!("v{visitor}"), format!("{worker}-{i}"));
        let (id, user_agent) = (Some(id.as_bytes()), Some(AGENTS[*agent].as_bytes()));
        set.push(&PageEvent { visitor: visitor.as_bytes(), at: *at, id, user_agent, ..PageEvent::default() }).unwrap();
    }
    set
}

fn counted(mut set: VisitSet, settings: &CohortSettings) -> Counted {
    let dimension = if settings.by_start { Dimension::Whole } else { Dimension::Device };
    let (mut values, mut counts) = (VisitValues::new(dimension), CohortCounts::new(settings.clone()));
    let cuts = if settings.step.is_some() {
        Vec::new()
    } else {
        settings.starts.iter().map(|at| *at.max(&settings.since)).collect()
    };
    let mut rows = set.rows(Cuts::new(cuts)).unwrap();
    counts.add(&mut rows, &mut values, &OwnRules::default()).unwrap();
    let text = |value| String::from_utf8(values.texts().get(value).to_vec()).unwrap();
    counts.rows().unwrap().iter().map(|row| ((row.start, text(row.value), row.period), row.visitors)).collect()
}

fn expected(rows: &[Row], settings: &CohortSettings) -> Counted {
    let mut by_visitor: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
    rows.iter().for_each(|row| by_visitor.entry(row.0).or_default().push(*row));
    let mut counted = Counted::new();
    let start_of = |at: i64| settings.starts.iter().filter(|start| **start <= at).count() as i64;
    for mut events in by_visitor.into_values() {
        events.sort_by_key(|event| event.1);
        let visits: Vec<&[Row]> = events.chunk_by(|a, b| b.1 - a.1 <= settings.gap).collect();
        let agent = |visit: &[Row]| visit.iter().map(|event| AGENTS[event.2]).min().unwrap();
        let kept: Vec<_> =
            visits.into_iter().filter(|visit| !(settings.no_bots && agent(visit).contains("bot"))).collect();
        let hits: Vec<i64> =
            kept.iter().flat_map(|visit| visit.iter()).map(|event| event.1).filter(|at| *at < settings.until).collect();
        let Some(first) = hits.first().copied().filter(|first| *first >= settings.since) else { continue };
        let value = match agent(kept[0]) {
            _ if settings.by_start => "",
            agent if agent.contains("iPhone") => "mobile",
            agent if agent.contains("bot") => "bot",
            _ => "desktop",
        };
        let over = match settings.step {
            Some(step) => (settings.until - first) / step,
            None => settings.starts.len() as i64 - start_of(first) + i64::from(settings.last_is_over),
        };
        let start = if settings.by_start { start_of(first) as u32 } else { 0 };
        *counted.entry((start, value.to_owned(), Period::Over(over.min(settings.periods + 1)))).or_default() += 1;
        let mut periods: Vec<i64> = hits
            .iter()
            .map(|at| settings.step.map_or_else(|| start_of(*at) - start_of(first), |step| (at - first) / step))
            .filter(|period| *period < over && *period <= settings.periods)
            .collect();
        periods.dedup();
        for period in periods {
            *counted.entry((start, value.to_owned(), Period::Returned(period))).or_default() += 1;
        }
    }
    counted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2000)))]

    #[test]
    fn any_split_counts_what_plain_loops_count(
        rows in prop::collection::vec((0u8..5, -20i64..120, 0usize..3), 1..60), since in 0i64..60, length in 1i64..80,
        width in 1i64..25, early in 0i64..25, is_rolling in any::<bool>(), by_start in any::<bool>(), no_bots in any::<bool>(),
        gap in 0i64..30, periods in 0i64..8, workers in 1usize..4,
    ) {
        let until = since + length;
        let first = since - early % width;
        let starts: Vec<i64> = (0..).map(|nr| first + nr * width).take_while(|start| *start < until).collect();
        let last_is_over = starts.last().unwrap() + width <= until;
        let step = is_rolling.then_some(width);
        let settings = CohortSettings { since, until, starts, last_is_over, step, periods, gap, by_start, no_bots };
        // As the report has it.
        let asked = CohortSettings { gap: if by_start && !no_bots { i64::MAX } else { gap }, ..settings.clone() };
        let wanted = expected(&rows, &settings);
        prop_assert_eq!(&counted(set_of(&rows, &settings, 0), &asked), &wanted);
        let mut merged = set_of(&[], &settings, 0).like().unwrap();
        for worker in 0..workers {
            let own: Vec<Row> = rows.iter().copied().skip(worker).step_by(workers).collect();
            merged.merge_bytes(&set_of(&own, &settings, worker).serialize().unwrap()).unwrap();
        }
        prop_assert_eq!(&counted(merged, &asked), &wanted);
    }
}
