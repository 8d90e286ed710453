//! Visits against their definition, and the promise that order, split and merge do not change a byte.

mod size;

use mrcall_engine::visits::VisitState;
use proptest::prelude::*;

type Row = (i64, Option<String>, Option<String>);

/// A visit as the definition gives it: start, end, events, page views, entry, exit, touch.
type Plain = (i64, i64, u32, u32, Option<String>, Option<String>, Option<String>);

/// The definition, spelled out: sort, cut where neighbours are more than the gap apart, look for the extremes.
fn definition(rows: &[Row], gap: i64) -> Vec<Plain> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|r| r.0);
    let mut visits: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match visits.last_mut() {
            Some(visit) if row.0 - visit[visit.len() - 1].0 <= gap => visit.push(row),
            _ => visits.push(vec![row]),
        }
    }
    visits
        .into_iter()
        .map(|visit| {
            let pages = || visit.iter().filter_map(|r| r.1.clone().map(|p| (r.0, p)));
            let touches = visit.iter().filter_map(|r| r.2.clone().map(|t| (r.0, t)));
            (
                visit[0].0,
                visit[visit.len() - 1].0,
                visit.len() as u32,
                pages().count() as u32,
                pages().min().map(|p| p.1),
                pages().max().map(|p| p.1),
                touches.min().map(|t| t.1),
            )
        })
        .collect()
}

fn read(state: &VisitState) -> Vec<Plain> {
    let own = |t: Option<&str>| t.map(str::to_owned);
    state
        .visits()
        .unwrap()
        .iter()
        .map(|v| (v.started_at, v.ended_at, v.events, v.pageviews, own(v.entry_page), own(v.exit_page), own(v.touch)))
        .collect()
}

fn state_of(rows: &[Row], gap: i64) -> VisitState {
    let mut state = VisitState::new(gap).unwrap();
    for (at, page, touch) in rows {
        state.push(*at, page.as_deref(), touch.as_deref()).unwrap();
    }
    state
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let text = prop::option::of(prop::sample::select(vec!["/", "/a", "/b", "/é", "", "/zz"]).prop_map(str::to_owned));
    // A narrow range of times: ties, duplicates and gaps of exactly the limit are common.
    prop::collection::vec((-60i64..200, text.clone(), text), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(4000)))]

    #[test]
    fn visits_are_as_defined(rows in rows(40), gap in 0i64..12) {
        prop_assert_eq!(read(&state_of(&rows, gap)), definition(&rows, gap));
    }

    #[test]
    fn order_split_and_merge_change_no_byte(
        rows in rows(60), gap in 0i64..12, parts in prop::collection::vec(0usize..4, 60), order in any::<u64>()
    ) {
        let whole = state_of(&rows, gap);
        let mut shuffled: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
        shuffled.sort_by_key(|(i, _)| (*i as u64).wrapping_add(order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut split: Vec<VisitState> = (0..4).map(|_| VisitState::new(gap).unwrap()).collect();
        for (i, row) in shuffled {
            split[parts[i]].push(row.0, row.1.as_deref(), row.2.as_deref()).unwrap();
        }
        split.rotate_left((order % 4) as usize);
        let mut merged = VisitState::new(gap).unwrap();
        for part in &split {
            let part = if part.is_empty() { part.clone() } else { VisitState::deserialize(&part.serialize().unwrap()).unwrap() };
            merged.merge(&part).unwrap();
        }
        prop_assert_eq!(merged.serialize().unwrap(), whole.serialize().unwrap());
    }

    #[test]
    fn bytes_come_back(rows in rows(30), gap in 0i64..12) {
        prop_assume!(!rows.is_empty());
        let state = state_of(&rows, gap);
        let bytes = state.serialize().unwrap();
        let back = VisitState::deserialize(&bytes).unwrap();
        prop_assert_eq!(read(&back), read(&state));
        prop_assert_eq!(back.serialize().unwrap(), bytes);
        prop_assert_eq!(
            (back.num_visits().unwrap(), back.num_events(), back.num_pageviews(), back.num_bounces().unwrap(), back.total_duration().unwrap()),
            (state.num_visits().unwrap(), state.num_events(), state.num_pageviews(), state.num_bounces().unwrap(), state.total_duration().unwrap())
        );
    }

    #[test]
    fn other_bytes_are_refused_or_canonical(rows in rows(20), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        prop_assume!(!rows.is_empty());
        let mut bytes = state_of(&rows, 5).serialize().unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at); } else { bytes[at] = byte; }
        if let Ok(state) = VisitState::deserialize(&bytes) {
            prop_assert_eq!(state.serialize().unwrap(), bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = vec![b'V', 1];
        framed.extend(&bytes);
        let _ = VisitState::deserialize(&bytes);
        let _ = VisitState::deserialize(&framed);
    }
}

#[test]
fn events_in_reverse_are_no_slower_than_sorted_ones() {
    // Quadratic work on 300,000 lonely events would take minutes.
    let mut state = VisitState::new(10).unwrap();
    for i in (0..300_000i64).rev() {
        state.push(i * 100, None, None).unwrap();
    }
    assert_eq!(state.num_visits().unwrap(), 300_000);
}

#[test]
fn a_visit_is_small() {
    let mut state = VisitState::new(1_800_000_000).unwrap();
    for i in 0..1000i64 {
        for hit in 0..4 {
            state
                .push(
                    i * 86_400_000_000 + hit * 60_123_456,
                    Some(["/", "/pricing", "/demo"][(i % 3) as usize]),
                    Some("Direct"),
                )
                .unwrap();
        }
    }
    // 64 bytes a visit, and the three pages and the touch once.
    let bytes = state.heap_bytes();
    assert!(bytes < 64 * 1000 + 500, "{bytes} bytes of memory for 1000 visits");
    let bytes = state.serialize().unwrap().len();
    assert!(bytes < 40 * 1000, "{bytes} bytes for 1000 visits");
}

#[test]
fn what_cannot_be_is_an_error() {
    assert!(VisitState::new(-1).is_err());
    let mut state = VisitState::new(5).unwrap();
    assert!(state.push(i64::MAX, None, None).is_err());
    assert!(state.push(i64::MIN, None, None).is_err());
    assert!(state.merge(&VisitState::new(6).unwrap()).is_err());
    assert!(VisitState::deserialize(&[]).is_err());
    let newer = VisitState::deserialize(&[b'V', 2, 0]).unwrap_err();
    assert!(newer.message.contains("version 2"), "{newer}");
}

#[test]
fn the_extremes_of_time_do_not_overflow() {
    let (first, last) = (-211_813_488_000_000_000, 9_223_371_331_199_999_999);
    for gap in [0, 1, i64::MAX - 1] {
        let rows = [(last, None, None), (first, None, None)];
        let state = state_of(&rows, gap);
        assert_eq!(state.num_visits().unwrap(), 2);
        let bytes = state.serialize().unwrap();
        assert_eq!(VisitState::deserialize(&bytes).unwrap().serialize().unwrap(), bytes);
    }
}
