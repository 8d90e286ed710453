//! Long loops give a sign of life, often enough for a cancel to be answered at once.

use std::cell::Cell;

use mrcall_engine::behaviour::{FunnelState, Modes};
use mrcall_engine::journeys::{Conversion, JourneySet, JourneySettings, JourneyTouch};
use mrcall_engine::model::Model;
use mrcall_engine::resource::interrupt;
use mrcall_engine::visits::{PageEvent, VisitSet, VisitSettings, VisitState};

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
        let beats = beats(|| interrupt::sort(&mut items));
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
