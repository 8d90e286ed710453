//! The engine's states as states of aggregates: each by the functions of the same names that it has.
#![forbid(unsafe_code)]

use std::borrow::Cow;

use mrcall_engine::Result;
use mrcall_engine::behaviour::{FunnelEvents, FunnelState, RetentionState, SequenceState};
use mrcall_engine::calls::{CallSet, CallState, OfferedSet};
use mrcall_engine::distinct::DistinctState;
use mrcall_engine::journeys::JourneySet;
use mrcall_engine::paths::{Journeys, PathSet};
use mrcall_engine::visits::{VisitSet, VisitState};

use super::aggregate::{Mergeable, State, Stored};

macro_rules! state {
    ($state:ty, like: $like:expr, { $($more:tt)* }) => {
        impl State for $state {
            #[inline]
            fn heap_bytes(&self) -> usize {
                <$state>::heap_bytes(self)
            }
        }

        impl Mergeable for $state {
            fn is_empty(&self) -> bool {
                <$state>::is_empty(self)
            }
            fn like(&self) -> Result<Self> {
                $like(self)
            }
            fn merge(&mut self, other: &Self) -> Result<()> {
                <$state>::merge(self, other)
            }
            fn serialize(&self) -> Result<Vec<u8>> {
                <$state>::serialize(self)
            }
            fn deserialize(bytes: &[u8]) -> Result<Self> {
                <$state>::deserialize(bytes)
            }
            $($more)*
        }
    };
}

macro_rules! merges_bytes {
    ($state:ty) => {
        const MERGES_BYTES: bool = true;
        fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
            <$state>::merge_bytes(self, bytes)
        }
    };
}

state!(CallSet, like: |set: &CallSet| CallSet::new(set.since()), {});
state!(CallState, like: |_| Ok(CallState::default()), {
    fn settle(&mut self) -> Result<()> {
        CallState::settle(self);
        Ok(())
    }
});
state!(DistinctState, like: |state: &DistinctState| DistinctState::new(state.precision()), {});
state!(FunnelEvents, like: |events: &FunnelEvents| Ok(events.like()), { merges_bytes!(FunnelEvents); });
state!(FunnelState, like: |state: &FunnelState| Ok(state.like()), { merges_bytes!(FunnelState); });
state!(OfferedSet, like: |set: &OfferedSet| OfferedSet::new(set.since()), {});
state!(PathSet, like: |_| Ok(PathSet::default()), {
    merges_bytes!(PathSet);
    const EMPTY_IS_NULL: bool = true;
});
state!(SequenceState, like: |state: &SequenceState| Ok(state.like()), { merges_bytes!(SequenceState); });
state!(VisitSet, like: VisitSet::like, {
    merges_bytes!(VisitSet);
    fn chunks(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        VisitSet::chunks(self)
    }
});
state!(VisitState, like: |state: &VisitState| VisitState::new(state.gap()), {
    fn settle(&mut self) -> Result<()> {
        VisitState::settle(self)
    }
});

impl State for RetentionState {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Mergeable for RetentionState {
    fn is_empty(&self) -> bool {
        false
    }
    fn like(&self) -> Result<Self> {
        Ok(RetentionState::like(self))
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        RetentionState::merge(self, other)
    }
    fn serialize(&self) -> Result<Vec<u8>> {
        RetentionState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> Result<Self> {
        RetentionState::deserialize(bytes)
    }
}

impl State for JourneySet {
    #[inline]
    fn heap_bytes(&self) -> usize {
        JourneySet::heap_bytes(self)
    }
}

impl Stored for CallState {
    const TYPE: &'static str = "mrcall.call_state";
}

impl Stored for DistinctState {
    const TYPE: &'static str = "mrcall.distinct_state";
}

impl Stored for FunnelEvents {
    const TYPE: &'static str = "mrcall.funnel_state";
}

impl Stored for PathSet {
    const TYPE: &'static str = "mrcall.path_set";
    // A set of paths that can be counted takes several times as long to make.
    fn check(bytes: &[u8]) -> Result<()> {
        Journeys::decode(bytes).map(drop)
    }
}

impl Stored for VisitState {
    const TYPE: &'static str = "mrcall.visit_state";
}
