//! A state that goes from an aggregate to the function whose query makes it: as bytes it would be copied twice on the way.
#![forbid(unsafe_code)]

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;

use mrcall_engine::resource::memory::Reservation;

/// A state and what it counts as.
pub struct Measured<S> {
    pub state: S,
    pub share: Reservation,
}

/// A receiver's number, and what was handed over to it.
type Place = (u32, Option<Box<dyn Any>>);

thread_local! {
    // PostgreSQL's backends have one thread. One function's query may run another function that takes.
    static PLACES: RefCell<(u32, Vec<Place>)> = const { RefCell::new((0, Vec::new())) };
}

/// Who waits for a state. It waits no more when it is dropped, also by an error of its query.
pub struct Receiver<S> {
    number: u32,
    state: PhantomData<S>,
}

impl<S: 'static> Receiver<S> {
    /// Begins to wait.
    pub fn new() -> Self {
        PLACES.with_borrow_mut(|(last, places)| {
            // Never 0, and never two at once: there are not so many functions within each other.
            *last = if *last == i32::MAX as u32 { 1 } else { *last + 1 };
            places.push((*last, None));
            Self { number: *last, state: PhantomData }
        })
    }

    /// What the aggregate has to know, as an argument of the query.
    pub fn number(&self) -> i32 {
        self.number as i32
    }

    /// What was handed over since this was asked last.
    pub fn take(&self) -> Option<Measured<S>> {
        let held = PLACES.with_borrow_mut(|(_, places)| {
            places.iter_mut().find(|place| place.0 == self.number).and_then(|place| place.1.take())
        });
        held.and_then(|held| held.downcast().ok()).map(|held| *held)
    }
}

impl<S> Drop for Receiver<S> {
    fn drop(&mut self) {
        let mine = |place: &mut Place| place.0 == self.number;
        let _dropped = PLACES.with_borrow_mut(|(_, places)| places.extract_if(.., mine).collect::<Vec<_>>());
    }
}

/// Whether somebody in this process waits under a number.
pub fn is_awaited(receiver: u32) -> bool {
    PLACES.with_borrow(|(_, places)| places.iter().any(|place| place.0 == receiver))
}

/// Hands a state over to who waits under a number.
pub fn hand_over<S: 'static>(receiver: u32, held: Measured<S>) {
    let held: Box<dyn Any> = Box::new(held);
    // What was there before is dropped behind the borrow.
    let _before = PLACES.with_borrow_mut(|(_, places)| {
        places.iter_mut().find(|place| place.0 == receiver).and_then(|place| place.1.replace(held))
    });
}
