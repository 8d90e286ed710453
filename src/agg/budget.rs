//! How much memory the aggregate states of this process hold together. PostgreSQL cannot see Rust's memory, and a Rust
//! allocation that fails aborts the server: so the limit is checked before it comes to that.

use std::cell::Cell;

use mrcall_engine::{Error, ErrorKind, Result};

use crate::guc;

thread_local! {
    // PostgreSQL's backends have one thread.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// What one state has taken; gives it back when it is dropped.
#[derive(Default)]
pub struct Share(usize);

impl Share {
    /// Counts the state's present size; `54000` when all states together are over `mrcall.max_state_memory`.
    #[inline]
    pub fn set(&mut self, bytes: usize) -> Result<()> {
        // Most rows find room in what their state has.
        if bytes == self.0 { Ok(()) } else { self.change(bytes) }
    }

    fn change(&mut self, bytes: usize) -> Result<()> {
        let held = HELD.get() - self.0 + bytes;
        HELD.set(held);
        self.0 = bytes;
        let limit = guc::max_state_memory();
        if held <= limit {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("aggregate states hold {} kB, more than mrcall.max_state_memory ({} kB)", held >> 10, limit >> 10),
            "Aggregate a shorter range, or raise the limit: SET mrcall.max_state_memory = '4GB';",
        ))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        HELD.set(HELD.get() - self.0);
    }
}
