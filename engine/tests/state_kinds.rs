//! The first byte of all bytes that a state is written as tells which state it is.

use std::collections::HashSet;
use std::sync::Arc;

use mrcall_engine::behaviour::{FunnelEvents, FunnelState, Modes, Pattern, RetentionState, SequenceState};
use mrcall_engine::calls::{CallSet, CallState, OfferedSet};
use mrcall_engine::distinct::DistinctState;
use mrcall_engine::journeys::{JourneySet, JourneySettings};
use mrcall_engine::paths::PathSet;
use mrcall_engine::visits::{VisitSet, VisitSettings, VisitState};

#[test]
fn no_two_states_begin_alike() {
    let journeys = JourneySettings { half_life: 1, ..JourneySettings::default() };
    let states = [
        CallState::default().serialize(),
        CallSet::new(0).unwrap().serialize(),
        DistinctState::new(12).unwrap().serialize(),
        FunnelEvents::new(2).unwrap().serialize(),
        FunnelState::new(1, Modes::default(), 2).unwrap().serialize(),
        OfferedSet::new(0).unwrap().serialize(),
        JourneySet::new(journeys).unwrap().answer(),
        PathSet::default().serialize(),
        RetentionState::new(2).unwrap().serialize(),
        SequenceState::new(Arc::new(Pattern::parse("(?1)", 1).unwrap())).serialize(),
        VisitSet::new(VisitSettings::default()).unwrap().serialize(),
        VisitState::new(0).unwrap().serialize(),
    ];
    let count = states.len();
    let kinds: HashSet<u8> = states.into_iter().map(|bytes| bytes.unwrap()[0]).collect();
    assert_eq!(kinds.len(), count, "{kinds:?}");
}
