//! Where an aggregate's state lives: in the aggregate's memory, as a Rust value that is dropped with it. The only place with
//! `unsafe` beside `pg`.

use core::ptr::NonNull;

use mrcall_engine::{Error, ErrorKind};
use pgrx::{PgMemoryContexts, pg_sys};

use super::receiver::Measured;
use crate::error::{SqlResult, report};
use crate::pg::answer::Answer;
use crate::pg::arg::Arg;
use crate::pg::function_call::Call;

/// What the server passes between the functions of an aggregate.
pub(super) enum Passed<S> {
    State(Measured<S>),
    /// A worker's state on the way from the deserialize function to the combine function, where the latter reads the bytes.
    Bytes(NonNull<[u8]>),
}

impl<S> Passed<S> {
    /// Bytes that the deserialize function was given.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(NonNull::from(bytes))
    }
}

/// What there is of a state.
pub(super) enum View<'a, S> {
    State(&'a Measured<S>),
    Bytes(&'a [u8]),
}

/// The argument of an aggregate's function that is its state, of type internal; and its result.
pub struct Held<'fcx, S> {
    call: Call<'fcx>,
    passed: Option<NonNull<Passed<S>>>,
}

impl<'fcx, S: 'static> Arg<'fcx> for Held<'fcx, S> {
    /// The server passes internal values only between the functions of one aggregate, and pg::exports gives each aggregate of
    /// ours one type `S`.
    #[inline]
    fn take(call: Call<'fcx>, next: &mut usize) -> SqlResult<Self> {
        let passed = call.datum(*next).and_then(|place| NonNull::new(place.cast_mut_ptr()));
        *next += 1;
        Ok(Self { call, passed })
    }
}

impl<S> Answer for Held<'_, S> {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        Ok(self.passed.map(|passed| pg_sys::Datum::from(passed.as_ptr())))
    }
}

impl<S: 'static> Held<'_, S> {
    /// A state or its bytes.
    #[inline]
    pub(super) fn view(&self) -> Option<View<'_, S>> {
        // SAFETY: the value is alive, see Arg::take. The server calls the deserialize and the combine function for one row after
        // the other, in the same short-lived memory: an argument of the first lives as long as the second runs.
        self.passed.map(|passed| unsafe {
            match passed.as_ref() {
                Passed::State(held) => View::State(held),
                Passed::Bytes(bytes) => View::Bytes(bytes.as_ref()),
            }
        })
    }

    /// The state, to change it: the first argument of a transition, combine or final function is that function's alone.
    #[inline]
    pub(super) fn held_mut(&mut self) -> Option<&mut Measured<S>> {
        // SAFETY: the value is alive, see Arg::take, and borrowed with this argument.
        match unsafe { self.passed?.as_mut() } {
            Passed::State(held) => Some(held),
            Passed::Bytes(_) => None,
        }
    }

    /// The first state of a group, in the aggregate's memory; `55000` when no aggregate calls.
    pub(super) fn begin(self, state: Measured<S>) -> SqlResult<Self> {
        let mut memory: pg_sys::MemoryContext = core::ptr::null_mut();
        // SAFETY: the call is live.
        if unsafe { pg_sys::AggCheckCallContext(self.call.info(), &mut memory) } == 0 {
            return Err(no_aggregate());
        }
        let passed = PgMemoryContexts::For(memory).leak_and_drop_on_delete(Passed::State(state));
        Ok(Self { passed: NonNull::new(passed), ..self })
    }

    /// A value for the combine function, in the memory of the call, which is where the server clears it.
    pub(super) fn pass(self, passed: Passed<S>) -> Self {
        let mut memory = self.call.memory();
        let passed = match passed {
            Passed::State(_) => memory.leak_and_drop_on_delete(passed),
            // Owns nothing that had to be dropped. SAFETY: the memory is new, of the size of the value and aligned for any.
            Passed::Bytes(_) => unsafe {
                let place = memory.palloc_struct::<Passed<S>>();
                place.write(passed);
                place
            },
        };
        Self { passed: NonNull::new(passed), ..self }
    }

    /// What is not there yet: a group without a row.
    pub(super) fn none(call: Call<'_>) -> Held<'_, S> {
        Held { call, passed: None }
    }
}

#[cold]
fn no_aggregate() -> pgrx::pg_sys::panic::ErrorReport {
    report(Error::new(
        ErrorKind::NotPossible,
        "this function works only inside an aggregate",
        "Call the aggregate instead.",
    ))
}
