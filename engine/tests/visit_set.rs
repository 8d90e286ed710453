//! Many visitors in one set: the same visits as a state for each of them, whatever the split.

mod size;

use std::collections::BTreeMap;

use mrcall_engine::arrival;
use mrcall_engine::state::Writer;
use mrcall_engine::url;
use mrcall_engine::visits::{Cuts, PageEvent, VisitPart, VisitRows, VisitSet, VisitSettings, VisitState, origin_parts};
use proptest::prelude::*;

const URLS: [&str; 13] = [
    "https://mrcall.ai/",
    "https://mrcall.ai/pricing?utm_source=news&utm_medium=email",
    "https://mrcall.ai/demo?gclid=x",
    "https://mrcall.ai/a",
    "no url",
    // Sites that begin alike, and the same site in other words.
    "https://mrcall.ai.example.com/a",
    "https://mrcall.ai:8080/a",
    "https://mrcall.ai\\@blog.example.org/a",
    "https://mrcall.ai",
    " https://mrcall.ai/a?utm_source=x ",
    "//mrcall.ai/b?utm_source=x",
    "HTTPS://MrCall.ai/a",
    "/a",
];
const REFERRERS: [&str; 4] =
    ["https://www.google.com/", "https://mrcall.ai/", "https://checkout.stripe.com/pay", "https://blog.example.org/x"];
const AGENTS: [&str; 3] = ["Mozilla/5.0 (Windows NT 10.0)", "curl/8.0", "Googlebot/2.1"];

type Row = (u8, i64, bool, Option<usize>, Option<usize>, Option<usize>);

fn event(row: &Row) -> (String, PageEvent<'static>) {
    let (visitor, at, is_pageview, page, referrer, agent) = *row;
    let event = PageEvent {
        at,
        is_pageview,
        page_url: page.map(|i| URLS[i].as_bytes()),
        referrer: referrer.map(|i| REFERRERS[i].as_bytes()),
        user_agent: agent.map(|i| AGENTS[i].as_bytes()),
        ..PageEvent::default()
    };
    (format!("visitor {visitor}"), event)
}

fn ignored() -> Vec<String> {
    vec!["checkout.stripe.com".to_owned()]
}

fn empty(gap: i64, cuts: Vec<i64>) -> VisitSet {
    let with = VisitSettings { path_from_url: true, with_pages: true, with_touch: true, ..VisitSettings::default() };
    VisitSet::new(VisitSettings { gap, ignored: ignored(), cuts, ..with }).unwrap()
}

fn set_of<'a>(rows: impl IntoIterator<Item = &'a Row>, gap: i64) -> VisitSet {
    let mut set = empty(gap, Vec::new());
    for row in rows {
        let (visitor, event) = event(row);
        set.push(&PageEvent { visitor: visitor.as_bytes(), ..event }).unwrap();
    }
    set
}

/// visitor, number, start, end, events, page views, entry, exit, channel, source, landing page, agent
type Read = (
    String,
    u32,
    i64,
    i64,
    u32,
    u32,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// The visits of the set's bytes, which are those of the set itself.
fn read(set: &mut VisitSet) -> Vec<Read> {
    let bytes = set.serialize().unwrap();
    let visits = visits(VisitRows::new(&bytes, Cuts::default()).unwrap());
    assert_eq!(self::visits(set.rows(Cuts::default()).unwrap()), visits);
    let again = set.serialize().unwrap();
    assert_eq!(
        self::visits(VisitRows::new(&again, Cuts::default()).unwrap()),
        visits,
        "written down after it was read"
    );
    visits
}

fn visits(mut rows: VisitRows<'_>) -> Vec<Read> {
    let mut visits = Vec::new();
    while let Some(visitor) = rows.next_visitor().unwrap() {
        visits.extend(
            rows.visit_parts().iter().zip(1..).map(|(part, no)| (visitor.text(&mut [0; 36]).to_owned(), no, *part)),
        );
    }
    let own = |id| rows.text(id).map(str::to_owned);
    visits
        .into_iter()
        .map(|(visitor, no, VisitPart { run, agent, landing })| {
            let origin = rows.text(run.touch).map(origin_parts).unwrap_or_default().map(|part| part.map(str::to_owned));
            let [channel, source, ..] = origin;
            let (entry, exit, agent, landing) = (own(run.entry), own(run.exit), own(agent), own(landing));
            (visitor, no, run.start, run.end, run.events, run.pageviews, entry, exit, channel, source, landing, agent)
        })
        .collect()
}

/// One state a visitor; its touch is spelled out with the channel first, so that ties are decided alike.
fn expected(rows: &[Row], gap: i64) -> Vec<Read> {
    let mut visitors: BTreeMap<u8, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        visitors.entry(row.0).or_default().push(row);
    }
    let mut all = Vec::new();
    for (visitor, mut rows) in visitors {
        let mut state = VisitState::new(gap).unwrap();
        for row in &rows {
            let (_, page_event) = event(row);
            let event = page_event.event().unwrap();
            let page = event.page_url.and_then(url::path).filter(|_| page_event.is_pageview);
            let arrives = page_event.is_pageview && arrival::is_arrival(&event, |h| h == "checkout.stripe.com");
            let a = arrival::arrival(&event);
            let domain = event.referrer.and_then(url::domain);
            let parts = [
                Some(a.channel),
                a.source.as_deref(),
                a.medium.as_deref(),
                a.campaign.as_deref(),
                a.term.as_deref(),
                Some(&*a.rule),
                domain.as_deref(),
                page.as_deref(),
            ];
            let touch = parts.map(|part| part.unwrap_or("")).join("\u{1f}");
            state.push(row.1, page.as_deref(), arrives.then_some(touch.as_str())).unwrap();
        }
        rows.sort_by_key(|row| row.1);
        for (visit, no) in state.visits().unwrap().iter().zip(1..) {
            let agent = rows
                .iter()
                .filter(|row| (visit.started_at..=visit.ended_at).contains(&row.1))
                .filter_map(|row| row.5.map(|i| AGENTS[i].to_owned()))
                .min();
            let own = |text: Option<&str>| text.map(str::to_owned);
            let (origin, landing) = visit.touch.and_then(|touch| touch.rsplit_once('\u{1f}')).unzip();
            let touch = origin.map(origin_parts).unwrap_or_default();
            all.push((
                format!("visitor {visitor}"),
                no,
                visit.started_at,
                visit.ended_at,
                visit.events,
                visit.pageviews,
                own(visit.entry_page),
                own(visit.exit_page),
                own(touch[0]),
                own(touch[1]),
                own(landing.filter(|page| !page.is_empty())),
                agent,
            ));
        }
    }
    all.sort();
    all
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let one = (
        0u8..4,
        -20i64..120,
        any::<bool>(),
        prop::option::of(0..URLS.len()),
        prop::option::of(0..REFERRERS.len()),
        prop::option::of(0..AGENTS.len()),
    );
    prop::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2000)))]

    #[test]
    fn a_set_has_the_visits_of_its_visitors(rows in rows(), gap in 0i64..10) {
        prop_assert_eq!(read(&mut set_of(&rows, gap)), expected(&rows, gap));
    }

    #[test]
    fn without_pages_their_number_is_the_same(rows in rows(), gap in 0i64..10) {
        let with = VisitSettings { gap, ignored: ignored(), path_from_url: true, with_touch: true, ..VisitSettings::default() };
        let mut set = VisitSet::new(with).unwrap();
        for row in &rows {
            let (visitor, event) = event(row);
            set.push(&PageEvent { visitor: visitor.as_bytes(), ..event }).unwrap();
        }
        let counts = |visits: Vec<Read>| -> Vec<_> {
            visits.into_iter().map(|v| (v.0, v.1, v.2, v.3, v.4, v.5, v.8, v.9, v.11)).collect()
        };
        let own = read(&mut set);
        prop_assert!(own.iter().all(|visit| (&visit.6, &visit.7, &visit.10) == (&None, &None, &None)));
        prop_assert_eq!(counts(own), counts(expected(&rows, gap)));
    }

    #[test]
    fn order_split_and_merge_change_no_visit(
        rows in rows(), gap in 0i64..10, parts in prop::collection::vec(0usize..3, 60), rotate in 0usize..60
    ) {
        let mut split: Vec<Vec<Row>> = vec![Vec::new(); 3];
        let mut turned = rows.clone();
        turned.rotate_left(rotate % rows.len().max(1));
        for (row, part) in turned.iter().zip(&parts) {
            split[*part].push(*row);
        }
        let mut merged = empty(gap, Vec::new());
        for part in &split {
            merged.merge(&VisitSet::deserialize(&set_of(part, gap).serialize().unwrap()).unwrap()).unwrap();
            merged.merge(&set_of([], gap)).unwrap();
        }
        prop_assert_eq!(read(&mut merged), expected(&rows, gap));
        // As the server does with workers' sets: the first is read, the others are merged as bytes.
        let mut parts = split.iter().map(|part| set_of(part, gap).serialize().unwrap());
        let mut merged = VisitSet::deserialize(&parts.next().unwrap()).unwrap();
        parts.for_each(|part| merged.merge_bytes(&part).unwrap());
        prop_assert_eq!(read(&mut merged), expected(&rows, gap));
        let other = empty(gap + 1, Vec::new()).serialize().unwrap();
        prop_assert!(merged.merge_bytes(&other).is_err());
    }

    #[test]
    fn random_bytes_never_panic(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(), noise in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = set_of(&rows, 5).serialize().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // As the only part of a set, and as its bytes.
        let mut part = vec![b'B', 7, 5, 2, 1, noise.len() as u8];
        part.extend(&noise);
        let mut framed = vec![b'B', 7];
        framed.extend(noise);
        for bytes in [bytes, part, framed] {
            if let Ok(mut rows) = VisitRows::new(&bytes, Cuts::default()) {
                while let Ok(Some(_)) = rows.next_visitor() {
                    for part in rows.visit_parts() {
                        let _ = rows.text(part.run.touch).map(origin_parts);
                    }
                }
            }
            if let Ok(part) = VisitSet::deserialize(&bytes) {
                let _ = empty(5, Vec::new()).merge(&part);
            }
        }
    }
}

#[test]
fn one_off_urls_do_not_fill_the_memory() {
    let mut set = empty(1_800_000_000, Vec::new());
    for i in 0..200_000i64 {
        let filler = "x".repeat(60);
        let url = format!("https://h{i}.{filler}.{filler}.{filler}.mrcall.ai/p?gclid={i}");
        let referrer = format!("https://checkout.stripe.com/{i}/{filler}{filler}{filler}");
        let (page_url, referrer) = (Some(url.as_bytes()), Some(referrer.as_bytes()));
        let event = PageEvent { visitor: b"one", at: i, is_pageview: true, ..PageEvent::default() };
        set.push(&PageEvent { page_url, referrer, ..event }).unwrap();
    }
    assert!(set.heap_bytes() < 32 << 20, "{} bytes", set.heap_bytes());
}

/// More visitors than the table holds, some of whom come again before and after it begins anew, not in order of time.
#[test]
fn visits_are_whole_across_batches() {
    let visitors = 130_000i64;
    let mut rows = Vec::new();
    for i in 0..visitors {
        let back = (i * 7919) % visitors;
        rows.extend([(i, i), (back, back + 900), (back, back + 500)]);
    }
    let gap = 450;
    let mut set = empty(gap, Vec::new());
    for (i, at) in &rows {
        let (visitor, url) = (format!("visitor {i}"), URLS[(at % 5) as usize]);
        let event = PageEvent { visitor: visitor.as_bytes(), at: *at, is_pageview: true, ..PageEvent::default() };
        set.push(&PageEvent { page_url: Some(url.as_bytes()), ..event }).unwrap();
    }
    // Each has three events at 0, 500 and 900 from its first: the last two are one visit.
    let bytes = set.serialize().unwrap();
    for mut rows in [VisitRows::new(&bytes, Cuts::default()).unwrap(), set.rows(Cuts::default()).unwrap()] {
        let (mut seen, mut last) = (0, String::new());
        while let Some(visitor) = rows.next_visitor().unwrap() {
            let mut buffer = [0; 36];
            let visitor = visitor.text(&mut buffer);
            assert!(last.as_str() < visitor, "{visitor} after {last}");
            last = visitor.to_owned();
            let first: i64 = visitor.strip_prefix("visitor ").unwrap().parse().unwrap();
            let found: Vec<_> =
                rows.visit_parts().iter().map(|p| (p.run.start, p.run.end, p.run.events, p.run.touch_at)).collect();
            let second = (first + 500, first + 900, 2, first + 500);
            assert_eq!(found, [(first, first, 1, first), second], "{visitor}");
            seen += 1;
        }
        assert_eq!(seen, visitors);
    }
}

#[test]
fn a_set_with_cuts_is_merged_as_one() {
    let rows: Vec<Row> = (0..40).map(|i| (0, i64::from(i), true, Some(0), None, None)).collect();
    let cuts = vec![5, 20];
    let part = |rows: &[Row]| {
        let mut set = empty(3, cuts.clone());
        for row in rows {
            let (visitor, event) = event(row);
            set.push(&PageEvent { visitor: visitor.as_bytes(), ..event }).unwrap();
        }
        VisitSet::deserialize(&set.serialize().unwrap()).unwrap()
    };
    // As the server combines: into a set that is like the first of them.
    let parts = [part(&rows[..17]), part(&rows[17..])];
    let mut merged = parts[0].like().unwrap();
    parts.iter().for_each(|part| merged.merge(part).unwrap());
    let bytes = merged.serialize().unwrap();
    let mut read = VisitRows::new(&bytes, Cuts::new(cuts.clone())).unwrap();
    read.next_visitor().unwrap().unwrap();
    let parts = read.visit_parts();
    let ends = |part: &VisitPart| (part.run.start, part.run.end, part.run.events);
    assert_eq!(parts.iter().map(ends).collect::<Vec<_>>(), [(0, 4, 5), (5, 19, 15), (20, 39, 20)]);
    assert_eq!(ends(&read.visit(parts).unwrap()), (0, 39, 40));
    assert!(VisitRows::new(&bytes, Cuts::default()).is_err());
}

/// A set without pages of one part: no texts, then these batches.
fn crafted(batches: &[&[u8]]) -> Vec<u8> {
    let mut part = Writer::default();
    part.unsigned(0);
    part.unsigned(batches.len() as u64);
    batches.iter().for_each(|batch| part.text(batch));
    let mut set = Writer::new(b'B', 7);
    [0, 0, 1].into_iter().for_each(|number| set.unsigned(number));
    set.text(part.bytes().unwrap());
    set.finish().unwrap()
}

/// Bytes that say little must not take much memory: a part, a batch or a visitor with nothing in it is refused.
#[test]
fn nothing_of_a_set_is_empty() {
    let visitors = |bytes: &[u8]| -> mrcall_engine::Result<usize> {
        let mut rows = VisitRows::new(bytes, Cuts::default())?;
        let mut visitors = 0;
        while rows.next_visitor()?.is_some() {
            visitors += 1;
        }
        Ok(visitors)
    };
    // One visitor, whose id is empty, with one visit of one event at time 0.
    let one = [1, 1, 1, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(visitors(&crafted(&[&one])).unwrap(), 1);
    assert_eq!(visitors(&crafted(&[&one, &one])).unwrap(), 1);
    assert!(visitors(&crafted(&[])).is_err());
    assert!(visitors(&crafted(&[&one, &[0]])).is_err());
    assert!(visitors(&crafted(&[&[1, 1, 0, 0, 0, 0, 0, 0, 0]])).is_err());
    // A visitor with a mark alone has no visit; two marks alike make a suspect.
    assert_eq!(visitors(&crafted(&[&[1, 1, 0, 8, 0, 0, 7, 7, 7]])).unwrap(), 0);
    assert_eq!(visitors(&crafted(&[&[1, 1, 0, 20, 0, 0, 7, 7, 7, 7, 7, 7]])).unwrap(), 0);
    assert_eq!(visitors(&crafted(&[&[1, 1, 0, 5, 4, 0, 0, 7, 7, 7, 4, 0, 0, 7, 7, 7]])).unwrap(), 0);
    assert!(visitors(&crafted(&[&[1, 1, 0, 24, 0, 0, 7, 7, 7, 7, 7, 7]])).is_err());
    assert!(visitors(&crafted(&[&[1, 1, 0, 3, 4, 0, 0, 7, 7, 7]])).is_err());
    assert!(visitors(&crafted(&[&[1, 1, 0, 0]])).is_err());
    assert_eq!(visitors(&empty(0, Vec::new()).serialize().unwrap()).unwrap(), 0);
    // A set whose last batch was closed when it was read has no empty one behind it.
    let mut set = empty(0, Vec::new());
    set.push(&PageEvent { visitor: b"a", ..PageEvent::default() }).unwrap();
    set.rows(Cuts::default()).unwrap();
    assert_eq!(visitors(&set.serialize().unwrap()).unwrap(), 1);
}

/// UUIDs, what nearly is one, and texts that begin like one.
fn visitor() -> impl Strategy<Value = String> {
    let uuid = "[09af]{1}0000000-0000-4000-8000-00000000000[09af]";
    prop_oneof![
        4 => uuid,
        2 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        1 => uuid.prop_map(|text| text.to_uppercase()),
        1 => (uuid, 0usize..36).prop_map(|(text, end)| text[..end].to_owned()),
        1 => (uuid, 0usize..36, "[0-9a-gA-F\\-ü]").prop_map(|(mut text, at, other)| {
            text.replace_range(at..=at, &other);
            text
        }),
        1 => uuid.prop_map(|text| text + "0"),
    ]
}

proptest! {
    #[test]
    fn visitors_of_every_form_come_once_and_in_the_order_of_their_texts(
        parts in prop::collection::vec(prop::collection::vec(visitor(), 0..40), 1..4),
    ) {
        let mut set = empty(0, Vec::new());
        for part in &parts {
            let mut own = empty(0, Vec::new());
            for visitor in part {
                own.push(&PageEvent { visitor: visitor.as_bytes(), ..PageEvent::default() }).unwrap();
            }
            set.merge(&own).unwrap();
        }
        let bytes = set.serialize().unwrap();
        let mut rows = VisitRows::new(&bytes, Cuts::default()).unwrap();
        let mut found = Vec::new();
        while let Some(visitor) = rows.next_visitor().unwrap() {
            found.push((visitor.text(&mut [0; 36]).to_owned(), rows.visit_parts().iter().map(|part| part.run.events as usize).sum()));
        }
        let mut wanted = std::collections::BTreeMap::new();
        parts.into_iter().flatten().for_each(|visitor| *wanted.entry(visitor).or_insert(0usize) += 1);
        prop_assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
    }
}
