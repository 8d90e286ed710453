//! The functions of an aggregate over an engine state, written once for all of them.
#![forbid(unsafe_code)]

use std::borrow::Cow;

use mrcall_engine::Result;
use mrcall_engine::resource::memory::Reservation;

use super::context::{Held, Passed, View};
use super::receiver::{self, Measured};
use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;

/// An engine state that an aggregate can hold.
pub trait State: Sized + 'static {
    /// The memory that it takes.
    fn heap_bytes(&self) -> usize;
}

/// A state that workers make parts of.
pub trait Mergeable: State {
    /// Whether it has no row: then a result that is the state is NULL.
    fn is_empty(&self) -> bool;
    /// A state without rows that can be merged with this one.
    fn like(&self) -> Result<Self>;
    /// Takes the rows of another state.
    fn merge(&mut self, other: &Self) -> Result<()>;
    /// Brings it into the form that is written without a copy. Changes no answer.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
    /// Its canonical bytes.
    fn serialize(&self) -> Result<Vec<u8>>;
    /// The same in chunks, for a state of many megabytes that has most of them already.
    fn chunks(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        Ok(vec![Cow::Owned(self.serialize()?)])
    }
    /// Reads such bytes.
    fn deserialize(bytes: &[u8]) -> Result<Self>;
    /// Whether [`Self::merge_bytes`] makes no state of the bytes: a hundred thousand groups of several workers are merged
    /// without one each in between.
    const MERGES_BYTES: bool = false;
    /// Takes the rows of a state of which these are the bytes.
    fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.merge(&Self::deserialize(bytes)?)
    }
    /// Whether no bytes can stand for a state without rows.
    const EMPTY_IS_NULL: bool = false;
}

/// A state that is the result of its aggregate, of a type of its own.
pub trait Stored: Mergeable {
    /// The type's name.
    const TYPE: &'static str;
    /// Whether these are the bytes of one.
    fn check(bytes: &[u8]) -> Result<()> {
        Self::deserialize(bytes).map(drop)
    }
}

impl<S: State> Measured<S> {
    /// The state with what it takes.
    pub fn new(state: S) -> SqlResult<Self> {
        let mut held = Self { state, share: Reservation::default() };
        held.recount()?;
        Ok(held)
    }

    #[inline]
    fn recount(&mut self) -> SqlResult<()> {
        self.share.set(self.state.heap_bytes()).map_err(report)
    }
}

impl<S: State> Held<'_, S> {
    /// What a transition function does: makes the state with the first row, then changes it.
    #[inline]
    pub fn transition(
        self,
        make: impl FnOnce() -> SqlResult<S>,
        change: impl FnOnce(&mut S) -> SqlResult<()>,
    ) -> SqlResult<Self> {
        self.transition_counted(make, |state| change(state).map(|()| true))
    }

    /// The same of a state of very many rows: `change` says whether its memory is to be counted again.
    #[inline]
    pub fn transition_counted(
        mut self,
        make: impl FnOnce() -> SqlResult<S>,
        change: impl FnOnce(&mut S) -> SqlResult<bool>,
    ) -> SqlResult<Self> {
        if let Some(held) = self.held_mut() {
            if change(&mut held.state)? {
                held.recount()?;
            }
            return Ok(self);
        }
        let mut held = Measured { state: make()?, share: Reservation::default() };
        change(&mut held.state)?;
        held.recount()?;
        self.begin(held)
    }

    /// What a final function reads; `None` without a row.
    pub fn state(&self) -> Option<&S> {
        match self.view()? {
            View::State(held) => Some(&held.state),
            View::Bytes(_) => None,
        }
    }
}

/// The combine function: the second state belongs to the caller and is only read.
pub fn combine<'fcx, S: Mergeable>(mut first: Held<'fcx, S>, second: Held<'fcx, S>) -> SqlResult<Held<'fcx, S>> {
    let Some(second) = second.view() else { return Ok(first) };
    let Some(held) = first.held_mut() else {
        let state = match second {
            View::Bytes(bytes) => S::deserialize(bytes),
            View::State(other) => other.state.like().and_then(|mut state| state.merge(&other.state).map(|()| state)),
        };
        return first.begin(Measured::new(state.map_err(report)?)?);
    };
    match second {
        View::Bytes(bytes) => held.state.merge_bytes(bytes),
        View::State(other) => held.state.merge(&other.state),
    }
    .map_err(report)?;
    held.recount()?;
    Ok(first)
}

/// The transition function of a rollup: merges a stored state.
pub fn merge_stored<'fcx, S: Mergeable>(state: Held<'fcx, S>, bytes: Option<&'fcx [u8]>) -> SqlResult<Held<'fcx, S>> {
    let Some(bytes) = bytes else { return Ok(state) };
    if S::MERGES_BYTES && state.state().is_some() {
        let merge = |state: &mut S| state.merge_bytes(bytes).map_err(report);
        return state.transition(|| S::deserialize(bytes).map_err(report), merge);
    }
    let other = S::deserialize(bytes).map_err(report)?;
    state.transition(|| other.like().map_err(report), |state| state.merge(&other).map_err(report))
}

fn bytes<S: Mergeable>(state: &S) -> SqlResult<Option<Made>> {
    Made::of(state.chunks().map_err(report)?)
}

/// The serialize function, for the way from a worker to its leader.
pub fn serialize<S: Mergeable>(state: Held<'_, S>) -> SqlResult<Option<Made>> {
    settled(state, |state| !(S::EMPTY_IS_NULL && state.is_empty()))
}

/// The bytes of a state, NULL unless they are wanted.
fn settled<S: Mergeable>(mut state: Held<'_, S>, wanted: impl FnOnce(&S) -> bool) -> SqlResult<Option<Made>> {
    let Some(held) = state.held_mut().filter(|held| wanted(&held.state)) else { return Ok(None) };
    held.state.settle().map_err(report)?;
    held.recount()?;
    bytes(&held.state)
}

/// The deserialize function: a value of the short-lived memory it is called in.
pub fn deserialize<'fcx, S: Mergeable>(call: Call<'fcx>, bytes: &'fcx [u8]) -> SqlResult<Held<'fcx, S>> {
    Ok(Held::none(call).pass(if S::MERGES_BYTES {
        Passed::bytes(bytes)
    } else {
        Passed::State(Measured::new(S::deserialize(bytes).map_err(report)?)?)
    }))
}

/// The final function: the bytes, NULL without a row. The state has the same rows behind it: a window may ask again.
pub fn finalize<S: Mergeable>(state: Held<'_, S>) -> SqlResult<Option<Made>> {
    settled(state, |state| !state.is_empty())
}

/// The final function of a state that a receiver may wait for: where one waits in this process, it gets the state itself, and the result
/// is NULL. An empty state stays behind.
pub fn hand_over<S: Mergeable>(mut state: Held<'_, S>, number: impl FnOnce(&S) -> u32) -> SqlResult<Option<Made>> {
    let Some(held) = state.held_mut() else { return Ok(None) };
    let number = number(&held.state);
    if held.state.is_empty() || !receiver::is_awaited(number) {
        return finalize(state);
    }
    let empty = Measured::new(held.state.like().map_err(report)?)?;
    receiver::hand_over(number, core::mem::replace(held, empty));
    Ok(None)
}
