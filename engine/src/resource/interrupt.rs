//! Interrupts of long loops: whoever runs the engine can look, every now and then, whether to go on.

use std::sync::OnceLock;

static CHECK: OnceLock<fn()> = OnceLock::new();

/// How many steps of a loop go by between two checks of a [`Throttle`]: less than a few milliseconds.
const STEPS: u32 = 1 << 14;
/// At most so many values are sorted or gone through between two checks.
pub(super) const CHUNK: usize = 1 << 16;

/// At most so many bytes of a text are looked at between two checks.
const LONG: usize = 1 << 20;

/// Sets what long loops call between two steps; it may unwind to end the loop. Only the first call counts.
pub fn on_check(check: fn()) {
    let _ = CHECK.set(check);
}

/// Counts the steps of a loop and calls [`check`] once for many of them.
#[derive(Debug, Default)]
pub struct Throttle(u32);

impl Throttle {
    /// One step more.
    #[inline]
    pub fn step(&mut self) {
        self.steps(1);
    }

    /// At most so many steps more.
    #[inline]
    pub fn steps(&mut self, steps: usize) {
        self.0 = self.0.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.0 >= STEPS {
            self.0 = 0;
            check();
        }
    }
}

/// Looks for an interrupt, for loops whose steps take long.
#[cold]
pub fn check() {
    if let Some(check) = CHECK.get() {
        check();
    }
}

/// A list in chunks, with a look for an interrupt after each long one.
#[inline]
pub fn chunks<T>(list: &[T]) -> impl Iterator<Item = &[T]> {
    list.chunks(CHUNK).inspect(|chunk| {
        if chunk.len() == CHUNK {
            check();
        }
    })
}

/// The place of the first byte that is asked for, with a look for an interrupt in long texts.
#[inline]
pub fn position(bytes: &[u8], mut is_it: impl FnMut(u8) -> bool) -> Option<usize> {
    if bytes.len() <= LONG {
        return bytes.iter().position(|byte| is_it(*byte));
    }
    bytes.chunks(LONG).zip((0..).step_by(LONG)).find_map(|(chunk, start)| {
        check();
        chunk.iter().position(|byte| is_it(*byte)).map(|place| start + place)
    })
}
