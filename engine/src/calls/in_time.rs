//! Calls as bytes, those that come in order of time as they come, the others sorted in between: the nearer two neighbours are, the
//! shorter is what is written.

use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::Writer;

/// At most so many bytes of calls wait at least to be sorted.
const LEAST_LATE: usize = 64 << 10;

/// A call that is written behind another one.
pub(super) trait Timed {
    /// When it began.
    fn start(&self) -> i64;
    /// Writes it behind a call that began at `before`.
    fn write(&self, w: &mut Writer, before: i64);
}

/// Calls from an instant on.
#[derive(Debug)]
pub(super) struct InTime<T> {
    calls: Writer,
    count: u64,
    last_start: i64,
    /// Calls out of order of time, which wait to be sorted.
    late: Vec<T>,
}

impl<T: Timed> InTime<T> {
    pub(super) fn new(since: i64) -> Self {
        Self { calls: Writer::default(), count: 0, last_start: since, late: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.calls.heap_bytes() + self.late.capacity() * size_of::<T>()
    }

    pub(super) fn push(&mut self, call: T) -> Result<()> {
        self.count += 1;
        if call.start() >= self.last_start {
            call.write(&mut self.calls, self.last_start);
            self.last_start = call.start();
            return Ok(());
        }
        if self.late.len() == self.late.capacity() {
            // More would be shorter to write, and is memory that calls in order of time do not take.
            let most = LEAST_LATE.max(self.calls.heap_bytes() / 16) / size_of::<T>();
            if self.late.len() >= most {
                sort::by_key(&mut self.late, T::start);
                write_all(&self.late, &mut self.calls, self.last_start);
                self.last_start = self.late.last().map_or(self.last_start, T::start);
                self.late.clear();
            }
            let more = (most / 8).max(64);
            memory::reserve_exact(&mut self.late, more)?;
        }
        self.late.push(call);
        Ok(())
    }

    /// Writes their number and all of them.
    pub(super) fn write(&self, w: &mut Writer) -> Result<()> {
        w.unsigned(self.count);
        w.append(self.calls.bytes()?);
        write_all(&self.late, w, self.last_start);
        Ok(())
    }
}

fn write_all<T: Timed>(calls: &[T], w: &mut Writer, mut before: i64) {
    let mut throttle = Throttle::default();
    for call in calls {
        throttle.step();
        call.write(w, before);
        before = call.start();
    }
}
