//! Memory that grows with the data: asked for before it grows, against one limit of the process.
//!
//! A Rust allocation that fails aborts the process, and with a backend all sessions of the server. So whatever grows with the data
//! grows through this file, which asks the limit first (`54000`), then the allocator (`53200`):
//!
//! - The lists of a state are plain ones, with the functions below: whoever holds the state counts its bytes after each change.
//! - What a reader or a final builds is a [`HeldVec`], which counts itself, or is covered by a [`Reservation`].
//! - What neither can be, a text that another crate makes, is preceded by [`demand`].
//!
//! The host may tell what its allocator has given in all ([`on_measure`]): then nothing that nobody counts escapes the limit.

use core::cell::Cell;
use core::hash::{BuildHasher, Hash};
use core::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use hashbrown::{HashMap, HashTable};

use super::interrupt::Throttle;
use crate::error::{Error, ErrorKind, Result};

thread_local! {
    // PostgreSQL's backends have one thread.
    static HELD: Cell<usize> = const { Cell::new(0) };
    static LASTING: Cell<usize> = const { Cell::new(0) };
    static TRYING: Cell<bool> = const { Cell::new(false) };
}

static LIMIT: OnceLock<fn() -> usize> = OnceLock::new();
static MEASURE: OnceLock<fn() -> usize> = OnceLock::new();
static RAISE: OnceLock<fn(Error)> = OnceLock::new();

/// What a process takes for itself: not of any data.
const OWN: usize = 64 << 10;

/// Sets what tells the limit in bytes. Only the first call counts; without one there is no limit.
pub fn on_limit(limit: fn() -> usize) {
    let _ = LIMIT.set(limit);
}

/// Sets what tells how many bytes the allocator has given in all. Only the first call counts.
pub fn on_measure(measure: fn() -> usize) {
    let _ = MEASURE.set(measure);
}

/// Sets what [`demand`] does with its error: it unwinds, to end the statement. Only the first call counts.
pub fn on_demand(raise: fn(Error)) {
    let _ = RAISE.set(raise);
}

/// Whether this crate asks the allocator right now, and takes no for an answer.
pub fn is_trying() -> bool {
    TRYING.get()
}

pub(crate) fn trying<T>(work: impl FnOnce() -> T) -> T {
    TRYING.set(true);
    let done = work();
    TRYING.set(false);
    done
}

fn measured() -> usize {
    MEASURE.get().map_or(0, |measure| measure().saturating_sub(LASTING.get() + OWN))
}

/// Makes what stays until the process ends, which no statement answers for.
pub fn lasting<T>(make: impl FnOnce() -> T) -> T {
    let all = || MEASURE.get().map_or(0, |measure| measure());
    let before = all();
    let made = make();
    LASTING.set(LASTING.get() + all().saturating_sub(before));
    made
}

/// Ends the statement where so many bytes are over the limit or not to be had: for what is allocated by code that cannot give back
/// an error. Small pieces need none: the host has something in reserve for them.
#[inline]
pub fn demand(bytes: usize) {
    if bytes > OWN {
        demand_much(bytes);
    }
}

#[cold]
fn demand_much(bytes: usize) {
    let Some(raise) = RAISE.get() else { return };
    let had = ask(bytes).and_then(|()| {
        let mut list: Vec<u8> = Vec::new();
        trying(|| list.try_reserve_exact(bytes)).map_err(|_| out_of_memory(bytes))
    });
    if let Err(error) = had {
        raise(error);
    }
}

/// `54000` where the process has gone over the limit by an eighth: what grows in small pieces is looked at now and then.
pub fn check_limit() -> Result<()> {
    let limit = LIMIT.get().map_or(usize::MAX, |limit| limit());
    if measured() <= limit.saturating_add(limit / 8) { Ok(()) } else { ask(0) }
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
        // What becomes smaller is never refused: the limit may have been lowered in between.
        if bytes > self.0 {
            ask(bytes - self.0)?;
        }
        HELD.set(HELD.get() - self.0 + bytes);
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

/// `54000` unless so many bytes more than the process holds are within the limit.
pub fn ask(more: usize) -> Result<()> {
    let needed = HELD.get().max(measured()).saturating_add(more);
    let limit = LIMIT.get().map_or(usize::MAX, |limit| limit());
    if needed <= limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("more memory is needed than mrcall.max_state_memory allows ({} kB)", limit >> 10),
        "Ask for a shorter range, or have a superuser raise the limit: ALTER ROLE name SET mrcall.max_state_memory = '4GB';",
    ))
}

/// The error for an allocation that fails.
pub fn out_of_memory(bytes: usize) -> Error {
    Error::new(
        ErrorKind::OutOfMemory,
        format!("out of memory: {} kB were not to be had", bytes.div_ceil(1 << 10)),
        "Ask for a shorter range, or lower mrcall.max_state_memory below what the machine has.",
    )
}

fn has_room<T>(list: &Vec<T>, more: usize) -> bool {
    list.capacity() - list.len() >= more
}

/// The bytes that a list without room takes more when it grows by so many values: it doubles at least, as `reserve` has it.
fn growth<T>(list: &Vec<T>, more: usize) -> usize {
    let capacity = list.len().saturating_add(more).max(2 * list.capacity());
    (capacity - list.capacity()).saturating_mul(size_of::<T>())
}

/// Makes room for so many values more, as `reserve` does; `54000` over the limit, `53200` where the allocation fails.
#[inline]
pub fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    if has_room(list, more) { Ok(()) } else { grow(list, more) }
}

#[cold]
fn grow<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    let bytes = growth(list, more);
    ask(bytes)?;
    trying(|| list.try_reserve(more)).map_err(|_| out_of_memory(bytes))
}

/// Makes room for exactly so many values more; errors as those of [`reserve`].
pub fn reserve_exact<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    if has_room(list, more) {
        return Ok(());
    }
    let bytes = (list.len().saturating_add(more) - list.capacity()).saturating_mul(size_of::<T>());
    ask(bytes)?;
    trying(|| list.try_reserve_exact(more)).map_err(|_| out_of_memory(bytes))
}

/// Appends a value; errors as those of [`reserve`].
#[inline]
pub fn push<T>(list: &mut Vec<T>, value: T) -> Result<()> {
    reserve(list, 1)?;
    list.push(value);
    Ok(())
}

/// Appends values; errors as those of [`reserve`].
#[inline]
pub fn extend<T: Clone>(list: &mut Vec<T>, values: &[T]) -> Result<()> {
    reserve(list, values.len())?;
    list.extend_from_slice(values);
    Ok(())
}

/// An empty list with room for so many values; errors as those of [`reserve`].
pub fn with_room<T>(values: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    reserve_exact(&mut list, values)?;
    Ok(list)
}

/// A list of one value so many times; errors as those of [`reserve`].
pub fn filled<T: Clone>(value: T, length: usize) -> Result<Vec<T>> {
    let mut list = with_room(length)?;
    list.resize(length, value);
    Ok(list)
}

/// A copy of values; errors as those of [`reserve`].
pub fn copy<T: Clone>(values: &[T]) -> Result<Vec<T>> {
    let mut list = with_room(values.len())?;
    list.extend_from_slice(values);
    Ok(list)
}

/// A list of values, with a look for an interrupt now and then; errors as those of [`reserve`].
pub fn collect<T>(values: impl IntoIterator<Item = T>) -> Result<Vec<T>> {
    let values = values.into_iter();
    let (mut list, mut throttle) = (with_room(values.size_hint().0)?, Throttle::default());
    for value in values {
        throttle.step();
        push(&mut list, value)?;
    }
    Ok(list)
}

/// A copy of a text; errors as those of [`reserve`].
pub fn text(text: &str) -> Result<String> {
    ask(text.len())?;
    let mut copy = String::new();
    trying(|| copy.try_reserve_exact(text.len())).map_err(|_| out_of_memory(text.len()))?;
    copy.push_str(text);
    Ok(copy)
}

/// Makes room for one value more in a table; errors as those of [`reserve`].
#[inline]
pub fn reserve_table<T>(table: &mut HashTable<T>, hash: impl Fn(&T) -> u64) -> Result<()> {
    if table.len() < table.capacity() {
        return Ok(());
    }
    let bytes = table_growth::<T>(table.capacity());
    ask(bytes)?;
    trying(|| table.try_reserve(1, hash)).map_err(|_| out_of_memory(bytes))
}

/// Makes room for one key more in a map; errors as those of [`reserve`].
#[inline]
pub fn reserve_map<K: Eq + Hash, V, S: BuildHasher>(map: &mut HashMap<K, V, S>) -> Result<()> {
    if map.len() < map.capacity() {
        return Ok(());
    }
    let bytes = table_growth::<(K, V)>(map.capacity());
    ask(bytes)?;
    trying(|| map.try_reserve(1)).map_err(|_| out_of_memory(bytes))
}

/// The memory of a map, in bytes.
pub fn map_bytes<K, V, S>(map: &HashMap<K, V, S>) -> usize {
    table_bytes::<(K, V)>(map.capacity())
}

fn table_bytes<T>(capacity: usize) -> usize {
    capacity.saturating_mul(8).saturating_mul(size_of::<T>() + 1) / 7
}

/// A table doubles, beginning with four places; seven of eight are in use at most, and each has a byte beside it.
fn table_growth<T>(capacity: usize) -> usize {
    table_bytes::<T>(capacity.max(3) + 1)
}

/// A list that counts itself: it holds what it takes of the limit until it is dropped.
#[derive(Debug)]
pub struct HeldVec<T> {
    list: Vec<T>,
    held: Reservation,
}

impl<T> Default for HeldVec<T> {
    fn default() -> Self {
        Self { list: Vec::new(), held: Reservation::default() }
    }
}

impl<T> HeldVec<T> {
    /// An empty list with room for so many values; errors as those of [`reserve`].
    pub fn with_room(values: usize) -> Result<Self> {
        let mut held = Reservation::of(values.saturating_mul(size_of::<T>()))?;
        let mut list = Vec::new();
        trying(|| list.try_reserve_exact(values)).map_err(|_| out_of_memory(held.bytes()))?;
        held.set(list.capacity() * size_of::<T>())?;
        Ok(Self { list, held })
    }

    /// A list of one value so many times; errors as those of [`reserve`].
    pub fn filled(value: T, length: usize) -> Result<Self>
    where
        T: Clone,
    {
        let mut list = Self::with_room(length)?;
        list.list.resize(length, value);
        Ok(list)
    }

    /// A list of values, with a look for an interrupt now and then; errors as those of [`reserve`].
    pub fn collect(values: impl IntoIterator<Item = T>) -> Result<Self> {
        let values = values.into_iter();
        let (mut list, mut throttle) = (Self::with_room(values.size_hint().0)?, Throttle::default());
        for value in values {
            throttle.step();
            list.push(value)?;
        }
        Ok(list)
    }

    /// Makes room for so many values more; errors as those of [`reserve`].
    #[inline]
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        if has_room(&self.list, more) { Ok(()) } else { self.grow(more) }
    }

    #[cold]
    fn grow(&mut self, more: usize) -> Result<()> {
        let (before, bytes) = (self.held.bytes(), growth(&self.list, more));
        self.held.add(bytes)?;
        if trying(|| self.list.try_reserve(more)).is_err() {
            self.held.set(before)?;
            return Err(out_of_memory(bytes));
        }
        // The first room may be larger than asked for, by a few values.
        self.held.set(self.list.capacity() * size_of::<T>())
    }

    /// Appends a value; errors as those of [`reserve`].
    #[inline]
    pub fn push(&mut self, value: T) -> Result<()> {
        self.reserve(1)?;
        self.list.push(value);
        Ok(())
    }

    /// Appends values; errors as those of [`reserve`].
    #[inline]
    pub fn extend(&mut self, values: &[T]) -> Result<()>
    where
        T: Clone,
    {
        self.reserve(values.len())?;
        self.list.extend_from_slice(values);
        Ok(())
    }

    /// Appends a value until the list is so long; errors as those of [`reserve`].
    pub fn grow_to(&mut self, length: usize, value: T) -> Result<()>
    where
        T: Clone,
    {
        if length > self.list.len() {
            self.reserve(length - self.list.len())?;
            self.list.resize(length, value);
        }
        Ok(())
    }

    /// The list, which somebody else counts from now on.
    pub fn into_vec(self) -> Vec<T> {
        self.list
    }

    /// A copy; errors as those of [`reserve`].
    pub fn copy(values: &[T]) -> Result<Self>
    where
        T: Clone,
    {
        let mut list = Self::with_room(values.len())?;
        list.list.extend_from_slice(values);
        Ok(list)
    }

    /// Takes the last value out.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.list.pop()
    }

    /// Takes all values out, but keeps the room.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Takes values out that equal the one before.
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.list.dedup();
    }

    /// Takes values out whose key equals that of the one before.
    pub fn dedup_by_key<K: PartialEq>(&mut self, key: impl FnMut(&mut T) -> K) {
        self.list.dedup_by_key(key);
    }
}

impl<T> Deref for HeldVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.list
    }
}

impl<T> DerefMut for HeldVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.list
    }
}

impl<'a, T> IntoIterator for &'a HeldVec<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut HeldVec<T> {
    type Item = &'a mut T;
    type IntoIter = core::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter_mut()
    }
}

/// A list that is borrowed, or one that counts itself.
#[derive(Debug)]
pub enum HeldCow<'a, T> {
    /// Somebody else's.
    Borrowed(&'a [T]),
    /// Its own.
    Held(HeldVec<T>),
}

impl<T> Deref for HeldCow<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Borrowed(list) => list,
            Self::Held(list) => list,
        }
    }
}
