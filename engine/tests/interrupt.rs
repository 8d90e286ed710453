//! Long loops give a sign of life, often enough for a cancel to be answered at once.

use std::cell::Cell;

use mrcall_engine::attribution_model::Model;
use mrcall_engine::behaviour::{FunnelState, Modes};
use mrcall_engine::calls::{
    CallSet, CallState, OfferedCall, OfferedSet, Service, ServiceRule, SourceCall, Summary, SummaryRange,
};
use mrcall_engine::credit::{self, Options};
use mrcall_engine::journeys::{Conversion, JourneySet, JourneySettings, JourneyTouch};
use mrcall_engine::paths::{
    Bootstrap, ExactAmount, Game, Journeys, PathSet, Sampling, Transform, interval, markov, path_models,
    path_transform, shapley,
};
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::sort;
use mrcall_engine::split_amount::split_units;
use mrcall_engine::url;
use mrcall_engine::user_agent::is_bot;
use mrcall_engine::visits::{PageEvent, VisitSet, VisitSettings, VisitState};
use num_bigint::BigInt;

thread_local! {
    // Tests run side by side, each in a thread of its own.
    static BEATS: Cell<usize> = const { Cell::new(0) };
}

/// How many beats there are while something is done.
fn beats(work: impl FnOnce()) -> usize {
    interrupt::on_check(|| BEATS.set(BEATS.get() + 1));
    let before = BEATS.get();
    work();
    BEATS.get() - before
}

#[test]
fn sorts_any_length_and_beats() {
    const PIECE: usize = 1 << 16;
    let mut seed = 1u64;
    for length in [0, 1, 2, 1000, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
        let mut items: Vec<u64> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                seed >> 44
            })
            .collect();
        let mut expected = items.clone();
        expected.sort_unstable();
        let beats = beats(|| sort::ascending(&mut items));
        assert_eq!(items, expected);
        assert!(length <= PIECE || beats >= length / PIECE, "{length}: {beats}");
    }
}

#[test]
fn a_huge_state_beats_while_it_is_sorted_merged_and_written() {
    // Every 16,384 steps: two million events have 122 such stretches, and sorting them looks at each some twenty times.
    let mut funnel = FunnelState::new(1_000_000, Modes::default(), 3).unwrap();
    let mut random = 42u64;
    for _ in 0..2_000_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        funnel.push((random >> 20) as i64, 1 << (random >> 62).min(2)).unwrap();
    }
    let mut bytes = Vec::new();
    assert!(beats(|| bytes = funnel.serialize().unwrap()) > 1_000);
    assert!(beats(|| drop(FunnelState::deserialize(&bytes).unwrap())) >= 120);
    let mut other = funnel.like();
    assert!(beats(|| other.merge(&funnel).unwrap()) >= 120);

    // A visit set writes its visitors down by batches: some of them while it grows.
    let mut set = VisitSet::new(VisitSettings { gap: 1, ..Default::default() }).unwrap();
    let growing = beats(|| {
        for i in 0..200_000i64 {
            let visitor = (i * 7_919 % 100_003).to_string();
            set.push(&PageEvent { visitor: visitor.as_bytes(), at: i * 1_000, ..PageEvent::default() }).unwrap();
        }
    });
    let writing = beats(|| drop(set.serialize().unwrap()));
    assert!(growing > 100 && writing >= 3, "{growing} and {writing}");
}

#[test]
fn a_state_of_many_pages_beats_while_it_is_written_and_read() {
    let mut state = VisitState::new(0).unwrap();
    (0..200_000i64).for_each(|i| state.push(i * 2, Some(&format!("/{}", i * 7_919 % 200_003)), None).unwrap());
    let mut bytes = Vec::new();
    // Sorting looks at each of four hundred thousand pages some seventeen times.
    let writing = beats(|| bytes = state.serialize().unwrap());
    assert!(writing >= 400_000 * 10 / (1 << 14), "{writing} beats");
    let reading = beats(|| drop(VisitState::deserialize(&bytes).unwrap()));
    assert!(reading >= 400_000 / (1 << 14), "{reading} beats");
    let visits = beats(|| assert_eq!(state.visits().unwrap().len(), 200_000));
    assert!(visits >= 200_000 / (1 << 14), "{visits} beats");
    // From the last to the first: what is loose is sorted in, and all are gone through, again and again.
    let mut backwards = VisitState::new(0).unwrap();
    let growing = beats(|| (0..200_000i64).rev().for_each(|i| backwards.push(i * 2, None, None).unwrap()));
    assert!(growing >= 200_000 * 8 / (1 << 14), "{growing} beats");
    // A few visitors whose events come in no order, and very many of them.
    for visitors in [3, 50_000] {
        let mut set = VisitSet::new(VisitSettings { gap: 1, ..Default::default() }).unwrap();
        let growing = beats(|| {
            for i in 0..300_000i64 {
                let visitor = (i * 7_919 % visitors).to_string();
                let at = i * 104_729 % 300_007 * 10;
                set.push(&PageEvent { visitor: visitor.as_bytes(), at, ..PageEvent::default() }).unwrap();
            }
        });
        assert!(growing >= 300_000 * 2 / (1 << 14), "{visitors} visitors: {growing} beats");
    }
}

/// A funnel of two steps, the second met by the last event alone: the scan of no mode ends before.
fn long_funnel(names: &[&str], events: i64) -> FunnelState {
    let mut funnel = FunnelState::new(i64::from(u32::MAX), Modes::parse(names.iter().copied()).unwrap(), 2).unwrap();
    (0..events).for_each(|ts| funnel.push(ts, 1).unwrap());
    funnel.push(events, 2).unwrap();
    funnel.sort().unwrap();
    funnel
}

#[test]
fn a_huge_funnel_beats_in_every_mode() {
    let events = 400_000;
    let stretches = events as usize / (1 << 14);
    for names in [
        &[][..],
        &["strict_increase"],
        &["strict_once"],
        &["strict_deduplication"],
        &["strict_once", "strict_deduplication"],
        &["strict_order"],
        &["strict_order", "allow_reentry"],
        &["consecutive"],
    ] {
        let funnel = long_funnel(names, events);
        let passes = beats(|| assert_eq!(funnel.depth().unwrap(), 2));
        assert!(passes >= stretches, "{names:?}: {passes} beats for the depth");
        // First the depth, then the instants of a chain that has it.
        let passes = beats(|| assert_eq!(funnel.times().unwrap().last(), Some(&events)));
        assert!(passes >= 2 * stretches, "{names:?}: {passes} beats for the times");
    }
    // All events at one instant: the second step has a look at each.
    let modes = Modes::parse(["strict_increase", "strict_once", "strict_deduplication"]).unwrap();
    let mut funnel = FunnelState::new(0, modes, 2).unwrap();
    (0..events).for_each(|_| funnel.push(7, 3).unwrap());
    funnel.sort().unwrap();
    let passes = beats(|| assert_eq!(funnel.depth().unwrap(), 1));
    assert!(passes >= 2 * stretches, "{passes} beats at one instant");
}

/// A set of journeys: touches of as many browsers in no order, each browser with a value of its own.
fn journeys(settings: JourneySettings, touches: u64) -> JourneySet {
    let mut set = JourneySet::new(JourneySettings { half_life: 1, ..settings }).unwrap();
    for i in 0..touches {
        let visitor = (i * 7_919 % 1_000_003).to_string();
        let value = format!("value {visitor}");
        let at = (i * 104_729 % 200_003) as i64;
        set.push_touch(&JourneyTouch { visitor: &visitor, at, channel: "Email", value: &value }).unwrap();
    }
    set
}

#[test]
fn a_huge_set_of_journeys_beats_in_each_phase() {
    let touches = 200_000;
    // Every 16,384 steps; sorting looks at each text and each touch some seventeen times.
    let sorting = touches as usize * 10 / (1 << 14);
    let index = beats(|| drop(journeys(JourneySettings::default(), touches).answer().unwrap()));
    assert!(index >= sorting, "{index} beats for sorting texts");

    // Two hundred thousand paths: each is looked at, sorted, made a row and written at once.
    let settings = JourneySettings { paths: true, unconverted: Some((0, 200_003)), ..JourneySettings::default() };
    let paths = beats(|| drop(journeys(settings, touches).answer().unwrap())) - index;
    assert!(paths >= 2 * touches as usize + sorting, "{paths} beats for the paths");

    // One journey of all touches, under three models.
    let settings = JourneySettings {
        models: vec![Model::Linear, Model::FirstTouch, Model::LastTouch],
        ..JourneySettings::default()
    };
    let mut set = journeys(JourneySettings { counts: true, journeys: true, ..settings }, touches);
    for i in 0..touches {
        set.push_link("customer", &(i * 7_919 % 1_000_003).to_string()).unwrap();
    }
    let conversion = Conversion {
        id: "conversion",
        customer: Some("customer"),
        begins_at: 0,
        ends_at: 200_003,
        value: "1",
        scale: 2,
        currency: None,
        signed_up_at: None,
        business_at: None,
    };
    set.push_conversion(&conversion).unwrap();
    let credit = beats(|| drop(set.answer().unwrap())) - index;
    // Its touches are sorted for the credit and for the list of journeys, then rows are made of the values and written.
    assert!(credit >= 3 * sorting + touches as usize, "{credit} beats for the credit");
}

/// Checks come at least once for so many steps.
const STEPS: usize = 1 << 14;

/// A set of paths: many short ones, and one of a million steps.
fn paths() -> Journeys {
    let mut set = PathSet::default();
    let names: Vec<String> = (0..300).map(|i| format!("channel {i}")).collect();
    for i in 0..100_000usize {
        let path = [0, 7, 91].map(|step| names[(i * 31 + i / 300 * step) % 300].as_str());
        set.push(path, (i % 3) as i64, &ExactAmount::default(), 1).unwrap();
    }
    set.push((0..1_000_000usize).map(|i| names[i * i % 300].as_str()), 1, &ExactAmount::default(), 0).unwrap();
    set.journeys().unwrap()
}

#[test]
fn the_models_over_all_journeys_beat_in_each_loop() {
    let journeys = paths();
    // Going from path to path is looked at as often as their steps want it; a long path within itself too.
    let (short, long) = (300_000 / STEPS, 1_000_000 / (1 << 16));
    assert!(beats(|| assert!(journeys.iter().count() > 50_000)) >= short);
    let steps = short + long;
    let mut bytes = Vec::new();
    assert!(beats(|| bytes = journeys.encode().unwrap()) >= steps);
    assert!(beats(|| drop(Journeys::decode(&bytes).unwrap())) >= steps);
    assert!(beats(|| drop(PathSet::deserialize(&bytes).unwrap())) >= 2 * steps);
    // The path of a million steps is looked at within, each time that it is gone along.
    assert!(beats(|| drop(markov(&journeys, 1).unwrap())) >= 3 * steps);
    let total = |game| beats(|| drop(shapley(&journeys, game, Sampling { samples: 2, seed: 1 }).unwrap()));
    assert!(total(Game::Total) >= 2 * steps);
    assert!(total(Game::Rate) >= 2 * steps);
    assert!(total(Game::Conditional) >= 2 * steps);
    let options = Options::default();
    assert!(beats(|| drop(path_models(&journeys, &[Model::Linear], &options, |_| false).unwrap())) >= short);
    assert!(beats(|| drop(path_models(&journeys, &[Model::DataDriven], &options, |_| false).unwrap())) >= 2 * steps);
    // 30 channels with 20,000 shares each are drawn, then sorted.
    let mut few = PathSet::default();
    (0..30).for_each(|i| few.push([format!("channel {i}")], 5, &ExactAmount::default(), 5).unwrap());
    let bootstrap = Bootstrap { replicates: 20_000, level: 0.95, seed: 1 };
    let few = few.journeys().unwrap();
    let interval = || {
        let how = (1, Game::Total);
        interval(&few, Model::Linear, how, (&options, |_| false), bootstrap).unwrap()
    };
    assert!(beats(|| drop(interval())) >= 30 * 20_000 / STEPS);
}

#[test]
fn long_values_beat() {
    let path: Vec<String> = (0..1_000_000).map(|i| format!("channel {}", i % 977)).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    for transform in [
        Transform::Exposure,
        Transform::Unique,
        Transform::First,
        Transform::Frequency,
        Transform::Trim(900_000),
        Transform::RemoveIfNotAll("channel 3"),
        Transform::RemoveIfLastAndNotAll("channel 3"),
    ] {
        assert!(beats(|| drop(path_transform(&path, transform).unwrap())) >= 900_000 / STEPS, "{transform:?}");
    }
    // A megabyte, or some thousand parameters, between two checks.
    let long = "a".repeat(20 << 20);
    assert!(beats(|| assert_eq!(url::param(&long, "q"), None)) >= 20);
    let escaped = format!("https://a.example/?q={}", "%41".repeat(1 << 20));
    assert!(
        beats(|| assert_eq!(url::param(&escaped, "q").map(|value| value.len()), Some(1 << 20))) >= (1 << 20) / STEPS
    );
    let many = format!("https://a.example/?{}q=1", "p=1&".repeat(1 << 20));
    assert!(beats(|| assert_eq!(url::param(&many, "q").as_deref(), Some("1"))) >= (1 << 20) / STEPS);
    // Of a user agent the first bytes alone are read.
    assert_eq!(beats(|| assert!(!is_bot(&long))), 0);

    let touches: Vec<credit::Touch> =
        (0..500_000).map(|at| credit::Touch { at: at * 7 % 1_000, channel: "Email" }).collect();
    let weigh = || credit::touch_weights(&touches, 1_000, Model::Linear, &Options::default(), |_| false).unwrap();
    assert!(beats(|| drop(weigh())) >= 500_000 * 10 / STEPS);
    let weights = vec![1.5; 200_000];
    assert!(beats(|| drop(split_units(&BigInt::from(1_000_000_007), &weights).unwrap())) >= 200_000 * 2 / STEPS);
}

#[test]
fn a_huge_set_of_calls_beats_in_each_loop() {
    let calls = 500_000i64;
    let (mut state, mut set) = (CallState::default(), CallSet::new(1_000_000).unwrap());
    for i in 0..calls {
        let start = 1_000_000 + i * 7_919 % calls;
        state.push(start, Some(start + 1 + i % 90), Some("done")).unwrap();
        let caller = (i % 70_001).to_string();
        let call = SourceCall { start, end: Some(start + 5), caller: Some(&caller), ..SourceCall::default() };
        set.push(&call).unwrap();
        set.push(&SourceCall { start: 1, ..call }).unwrap();
    }
    let steps = calls as usize / STEPS;
    let mut bytes = Vec::new();
    // Sorted, then written.
    assert!(beats(|| bytes = state.serialize().unwrap()) >= 5 * steps);
    assert!(beats(|| drop(CallState::deserialize(&bytes).unwrap())) >= steps);
    assert!(beats(|| CallState::default().merge(&state).unwrap()) >= steps);
    assert!(beats(|| assert!(state.peak().unwrap().is_some())) >= 5 * steps);
    assert!(beats(|| assert!(state.duration_percentile(0.5).unwrap().is_some())) >= calls as usize / (1 << 16));
    assert!(beats(|| bytes = set.serialize().unwrap()) >= 4);
    let range = SummaryRange { since: 1_000_000, buckets: &[1_000_000], fill: None };
    assert!(beats(|| drop(Summary::new(Some(&bytes), &range).unwrap())) >= 2 * steps);

    let mut offered = OfferedSet::new(1_000_000).unwrap();
    for i in 0..calls {
        let start = 1_000_000 + i * 7_919 % calls;
        let call = OfferedCall { start, answered_at: Some(start + i % 30), ..OfferedCall::default() };
        offered.push(&call).unwrap();
    }
    bytes = offered.serialize().unwrap();
    let rule = ServiceRule::new(20, 0).unwrap();
    assert!(beats(|| drop(Service::new(Some(&bytes), &range, &rule).unwrap())) >= 3 * steps);
}
