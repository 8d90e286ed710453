//! The five functions of an aggregate over a mergeable engine state, written once for all of them.

use std::borrow::Cow;

use mrcall_engine::{Error, ErrorKind, Result};
use pgrx::{AnyElement, Internal, PgMemoryContexts, pg_sys};

use super::context::{aggregate_context, borrow, borrow_mut, bytea, keep, passed_bytes, place};
use super::direct::{self, Measured};
use crate::error::{SqlResult, report};
use mrcall_engine::resource::memory::Reservation;

/// An engine state that an aggregate can hold.
pub trait State: Sized + 'static {
    /// The memory that it takes.
    fn heap_bytes(&self) -> usize;
    /// Whether it has no row: then the aggregate's result is NULL.
    fn is_empty(&self) -> bool;
    /// A state without rows that can be merged with this one.
    fn like(&self) -> Result<Self>;
    /// Takes the rows of another state.
    fn merge(&mut self, other: &Self) -> Result<()>;
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
}

/// The server's own limit of a gigabyte, less a header.
const MAX_BYTES: usize = (1 << 30) - 64;

/// What the server passes between the functions of an aggregate.
enum Passed<S> {
    State(Measured<S>),
    /// A worker's state on the way from the deserialize function to the combine function, where the latter reads the bytes.
    Bytes(*const [u8]),
}

fn held<S: 'static>(internal: &Internal) -> Option<&Measured<S>> {
    match borrow(internal)? {
        Passed::State(held) => Some(held),
        Passed::Bytes(_) => None,
    }
}

fn held_mut<S: 'static>(internal: &mut Internal) -> Option<&mut Measured<S>> {
    match borrow_mut(internal)? {
        Passed::State(held) => Some(held),
        Passed::Bytes(_) => None,
    }
}

impl<S: State> Measured<S> {
    fn new(state: S) -> SqlResult<Self> {
        let mut held = Self { state, share: Reservation::default() };
        held.recount(S::heap_bytes)?;
        Ok(held)
    }
}

impl<S> Measured<S> {
    fn recount(&mut self, heap_bytes: impl FnOnce(&S) -> usize) -> SqlResult<()> {
        self.share.set(heap_bytes(&self.state)).map_err(report)
    }
}

/// Declares a transition function over one of (state, call info). A statement calls it for each row, so it does without pgrx's
/// conversions.
macro_rules! transition_function {
    ($name:ident, $info:ident, $body:expr) => {
        $crate::pg::function::guarded_function!($name, $info, |fcinfo| {
            let state = pgrx::Internal::from($crate::pg::args::Args::of(fcinfo).datum(0));
            $body(state, fcinfo).map(pgrx::Internal::unwrap)
        });
    };
}
pub(crate) use transition_function;

/// The transition function: makes the state with the first row, then changes it.
pub fn transition<S: State>(
    internal: Internal,
    fcinfo: pg_sys::FunctionCallInfo,
    make: impl FnOnce() -> SqlResult<S>,
    change: impl FnOnce(&mut S) -> SqlResult<()>,
) -> SqlResult<Internal> {
    gather(internal, fcinfo, make, change, S::heap_bytes)
}

/// The transition function of a state that is never merged nor stored.
pub fn gather<S: 'static>(
    mut internal: Internal,
    fcinfo: pg_sys::FunctionCallInfo,
    make: impl FnOnce() -> SqlResult<S>,
    change: impl FnOnce(&mut S) -> SqlResult<()>,
    heap_bytes: fn(&S) -> usize,
) -> SqlResult<Internal> {
    if let Some(held) = held_mut(&mut internal) {
        change(&mut held.state)?;
        held.recount(heap_bytes)?;
        return Ok(internal);
    }
    let mut context = aggregate_context(fcinfo)?;
    let mut held = Measured { state: make()?, share: Reservation::default() };
    change(&mut held.state)?;
    held.recount(heap_bytes)?;
    Ok(keep(&mut context, Passed::State(held)))
}

/// The combine function: the second state belongs to the caller and is only read.
pub fn combine<S: State>(
    mut first: Internal,
    second: Internal,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    let mut context = aggregate_context(fcinfo)?;
    let Some(second) = borrow::<Passed<S>>(&second) else { return Ok(first) };
    let Some(held) = held_mut::<S>(&mut first) else {
        let state = match second {
            Passed::Bytes(bytes) => S::deserialize(passed_bytes(*bytes)),
            Passed::State(other) => other.state.like().and_then(|mut state| state.merge(&other.state).map(|()| state)),
        };
        return Ok(keep(&mut context, Passed::State(Measured::new(state.map_err(report)?)?)));
    };
    match second {
        Passed::Bytes(bytes) => held.state.merge_bytes(passed_bytes(*bytes)),
        Passed::State(other) => held.state.merge(&other.state),
    }
    .map_err(report)?;
    held.recount(S::heap_bytes)?;
    Ok(first)
}

/// The transition function of a rollup: merges a stored state.
pub fn merge_stored<S: State>(
    internal: Internal,
    bytes: Option<&[u8]>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    let Some(bytes) = bytes else { return Ok(internal) };
    if S::MERGES_BYTES && held::<S>(&internal).is_some() {
        let merge = |state: &mut S| state.merge_bytes(bytes).map_err(report);
        return transition(internal, fcinfo, || S::deserialize(bytes).map_err(report), merge);
    }
    let other = S::deserialize(bytes).map_err(report)?;
    transition(internal, fcinfo, || other.like().map_err(report), |state: &mut S| state.merge(&other).map_err(report))
}

/// A state's bytes; more than a value of the server can have are `54000`.
fn bytes<S: State>(state: &S) -> SqlResult<Option<AnyElement>> {
    let chunks = state.chunks().map_err(report)?;
    let length: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    if length < MAX_BYTES {
        return Ok(bytea(&chunks, length));
    }
    Err(report(Error::new(
        ErrorKind::LimitExceeded,
        format!("an aggregate state has {} MB, more than a value can have ({} MB)", length >> 20, MAX_BYTES >> 20),
        "Aggregate a shorter range.",
    )))
}

/// The serialize function, for the way from a worker to its leader.
pub fn serialize<S: State>(internal: &Internal) -> SqlResult<Option<AnyElement>> {
    held::<S>(internal).map_or(Ok(None), |held| bytes(&held.state))
}

/// The deserialize function: a value of the short-lived context it is called in.
pub fn deserialize<S: State>(bytes: &[u8]) -> SqlResult<Internal> {
    let mut context = PgMemoryContexts::CurrentMemoryContext;
    if S::MERGES_BYTES {
        return Ok(place(&mut context, Passed::<S>::Bytes(bytes)));
    }
    Ok(keep(&mut context, Passed::State(Measured::new(S::deserialize(bytes).map_err(report)?)?)))
}

/// The final function: the bytes, NULL without a row. It leaves the state as it is: a window may ask again.
pub fn finalize<S: State>(internal: &Internal) -> SqlResult<Option<AnyElement>> {
    match held::<S>(internal) {
        Some(held) if !held.state.is_empty() => bytes(&held.state),
        _ => Ok(None),
    }
}

/// The final function of a state that may have a taker: where it waits in this process, it gets the state itself, and the result
/// is NULL. An empty state stays behind.
pub fn hand_over<S: State>(internal: &mut Internal, taker: impl FnOnce(&S) -> u32) -> SqlResult<Option<AnyElement>> {
    let Some(held) = held_mut::<S>(internal) else { return Ok(None) };
    let taker = taker(&held.state);
    if held.state.is_empty() || !direct::is_awaited(taker) {
        return finalize::<S>(internal);
    }
    let empty = held.state.like().map_err(report)?;
    direct::hand_over(taker, core::mem::replace(held, Measured::new(empty)?));
    Ok(None)
}

/// What a final function reads from the state; `None` without a row.
pub fn view<S: 'static, T>(internal: &Internal, read: impl FnOnce(&S) -> T) -> Option<T> {
    held::<S>(internal).map(|held| read(&held.state))
}
