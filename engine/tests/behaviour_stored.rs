//! Stored events of a funnel: they answer as the funnel over the same rows does, and keep no trace of their order.

mod size;

use mrcall_engine::ErrorKind;
use mrcall_engine::behaviour::{FunnelEvents, FunnelState, Modes};
use proptest::prelude::*;

type Row = (i64, u32);

const STEPS: usize = 4;

fn modes(names: &[&str]) -> Modes {
    Modes::parse(names.iter().copied()).unwrap()
}

fn stored(rows: &[Row]) -> FunnelEvents {
    let mut state = FunnelEvents::new(STEPS).unwrap();
    rows.iter().for_each(|(ts, mask)| state.push(*ts, *mask).unwrap());
    state
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0i64..40, prop_oneof![2 => Just(0u32), 5 => 0u32..16]), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(10_000)))]

    #[test]
    fn it_answers_as_the_funnel_does(rows in rows(12), within in 0i64..40, mode in 0usize..8) {
        let modes = modes([
            &[][..], &["strict_increase"], &["strict_once"], &["strict_deduplication"], &["strict_order"],
            &["strict_order", "allow_reentry", "strict_once"], &["strict_order", "strict_deduplication"],
            &["consecutive"],
        ][mode]);
        let mut direct = FunnelState::new(within, modes, STEPS).unwrap();
        rows.iter().for_each(|(ts, mask)| direct.push(*ts, *mask).unwrap());
        let kept = FunnelEvents::deserialize(&stored(&rows).serialize().unwrap()).unwrap();
        prop_assert_eq!(kept.len(), rows.len());
        let funnel = kept.funnel(within, modes).unwrap();
        prop_assert_eq!((funnel.depth().unwrap(), funnel.times().unwrap()), (direct.depth().unwrap(), direct.times().unwrap()));
        prop_assert_eq!(funnel.serialize().unwrap(), direct.serialize().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(2_000)))]

    // Up to three thousand rows: several pieces of a list.
    #[test]
    fn order_split_and_merge_change_no_byte(
        rows in prop_oneof![8 => rows(60), 1 => rows(3_000)], seed: u64, parts in 1usize..6
    ) {
        let whole = stored(&rows);
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|(ts, mask)| (ts.wrapping_mul(31) as u64 ^ u64::from(*mask) ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut split: Vec<_> = (0..parts).map(|_| whole.like()).collect();
        shuffled.iter().enumerate().for_each(|(i, (ts, mask))| split[(i * 7 + i / 3) % parts].push(*ts, *mask).unwrap());
        let (mut merged, mut read) = (whole.like(), whole.like());
        for part in split.iter().rev() {
            merged.merge(part).unwrap();
            if !part.is_empty() {
                read.merge_bytes(&part.serialize().unwrap()).unwrap();
            }
        }
        prop_assert_eq!((merged.serialize().unwrap(), read.serialize().unwrap()), (whole.serialize().unwrap(), whole.serialize().unwrap()));
        let mut double = whole.clone();
        double.merge(&whole).unwrap();
        prop_assert_eq!(double.len(), 2 * rows.len());
        prop_assert_eq!(FunnelEvents::deserialize(&double.serialize().unwrap()).unwrap().serialize().unwrap(), double.serialize().unwrap());
    }

    #[test]
    fn bytes_are_canonical_or_refused(
        rows in rows(12), at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        let bytes = stored(&rows).serialize().unwrap();
        let mut changed = bytes.clone();
        let at = at.index(changed.len());
        changed[at] = byte;
        let mut headed = bytes[..3].to_vec();
        headed.extend(&noise);
        for broken in [&changed, &bytes[..cut.index(bytes.len())], &noise, &headed] {
            match FunnelEvents::deserialize(broken) {
                Ok(state) => prop_assert_eq!(state.serialize().unwrap(), broken),
                Err(error) => prop_assert_eq!(error.kind, ErrorKind::MalformedBinary),
            }
        }
    }
}

#[test]
fn errors() {
    assert_eq!(FunnelEvents::new(0).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(FunnelEvents::new(33).unwrap_err().kind, ErrorKind::LimitExceeded);
    let mut state = stored(&[(0, 1)]);
    assert_eq!(state.push(i64::MAX, 1).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    assert_eq!(state.push(i64::MIN, 0).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    let other = FunnelEvents::new(STEPS + 1).unwrap();
    assert_eq!(state.merge(&other).unwrap_err().message, "steps has 5 elements here and 4 in another row of the group");
    assert_eq!(state.clone().funnel(-1, Modes::default()).unwrap_err().kind, ErrorKind::InvalidArgument);
    // Nothing is no state, nor are bytes of the next version.
    assert!(FunnelEvents::deserialize(&state.like().serialize().unwrap()).is_err());
    let mut next = state.serialize().unwrap();
    next[1] += 1;
    assert!(FunnelEvents::deserialize(&next).unwrap_err().message.contains("format version 2"));
}

/// Twelve bytes an event: an eighth more for a few events, nothing to speak of for many, however they came.
#[test]
fn events_take_twelve_bytes() {
    for count in [8usize, 100, 1_000, 2_000, 100_000, 1_000_000] {
        let events: Vec<Row> = (0..count as i64).map(|i| (i * 7_919 % 1_000_003 * 60_000_000, 1 << (i % 4))).collect();
        let mut merged = stored(&[]);
        events.chunks(5).for_each(|chunk| merged.merge(&stored(chunk)).unwrap());
        for state in [stored(&events), merged] {
            let (bytes, least) = (state.heap_bytes(), 12 * count);
            assert!(
                bytes >= least && bytes <= least + (12 * count / 8).clamp(48, 12 * 128 + 32 * count / 1_000),
                "{count}: {bytes}"
            );
        }
    }
    let most = stored(&(0..1_000_000i64).map(|i| (i, 1)).collect::<Vec<_>>()).heap_bytes();
    assert!(most < 12_050_000, "{most}");
}
