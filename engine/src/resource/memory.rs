//! Memory that grows with the data: asked for before it grows, against one limit of the process.
//!
//! A Rust allocation that fails aborts the process, and with a backend all sessions of the server. So whatever grows with the data
//! grows through the functions of this file: they ask the limit first (`54000`), then the allocator (`53200`).

use core::cell::Cell;
use std::collections::TryReserveError;
use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    // PostgreSQL's backends have one thread.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

static LIMIT: OnceLock<fn() -> usize> = OnceLock::new();

/// Sets what tells the limit in bytes. Only the first call counts; without one there is no limit.
pub fn on_limit(limit: fn() -> usize) {
    let _ = LIMIT.set(limit);
}

/// The bytes that one owner holds of the limit; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Reservation(usize);

impl Reservation {
    /// One of so many bytes; `54000` when all of them together would be over the limit.
    pub fn of(bytes: usize) -> Result<Self> {
        let mut reservation = Self::default();
        reservation.set(bytes)?;
        Ok(reservation)
    }

    /// Holds so many bytes from now on, more or fewer than before; `54000` when all together would be over the limit: then
    /// it holds what it held.
    #[inline]
    pub fn set(&mut self, bytes: usize) -> Result<()> {
        if bytes == self.0 {
            return Ok(());
        }
        self.change(bytes)
    }

    fn change(&mut self, bytes: usize) -> Result<()> {
        let held = (HELD.get() - self.0).saturating_add(bytes);
        let limit = LIMIT.get().map_or(usize::MAX, |limit| limit());
        // What becomes smaller is never refused: the limit may have been lowered in between.
        if held > limit && bytes > self.0 {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "this needs {} kB, more than mrcall.max_state_memory ({} kB)",
                    held.div_ceil(1 << 10),
                    limit >> 10
                ),
                "Ask for a shorter range, or raise the limit: SET mrcall.max_state_memory = '4GB';",
            ));
        }
        HELD.set(held);
        self.0 = bytes;
        Ok(())
    }

    /// Holds so many bytes more.
    pub fn add(&mut self, bytes: usize) -> Result<()> {
        self.set(self.0.saturating_add(bytes))
    }

    /// The bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.0
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        HELD.set(HELD.get() - self.0);
    }
}

/// The error for an allocation that fails.
pub fn out_of_memory(bytes: usize) -> Error {
    Error::new(
        ErrorKind::OutOfMemory,
        format!("out of memory: {} kB were not to be had", bytes.div_ceil(1 << 10)),
        "Ask for a shorter range, or lower mrcall.max_state_memory below what the machine has.",
    )
}

/// Makes room for so many values more, as `reserve` does; `53200` where the allocation fails.
#[inline]
pub fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    list.try_reserve(more).map_err(|_: TryReserveError| out_of_memory(more.saturating_mul(size_of::<T>())))
}

/// Appends a value; `53200` where the allocation fails.
#[inline]
pub fn push<T>(list: &mut Vec<T>, value: T) -> Result<()> {
    reserve(list, 1)?;
    list.push(value);
    Ok(())
}

/// Appends values; `53200` where the allocation fails.
#[inline]
pub fn extend<T: Clone>(list: &mut Vec<T>, values: &[T]) -> Result<()> {
    reserve(list, values.len())?;
    list.extend_from_slice(values);
    Ok(())
}
