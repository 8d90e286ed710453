//! The state of `path_agg`: paths as they come, each kept once.

use super::amount::Amount;
use super::journeys::{Journeys, Sums};
use crate::error::{Error, ErrorKind, Result};
use crate::state::Dictionary;
use crate::visits::utf8;

/// Paths with their conversions, values and journeys without a conversion.
#[derive(Debug, Clone, Default)]
pub struct PathSet {
    channels: Dictionary,
    /// A path is the numbers of its channels, seven bits a byte: short paths of few channels are found in one place in memory.
    paths: Dictionary,
    sums: Vec<Sums>,
    /// All conversions and nulls.
    total: u64,
    /// What the values take beside their place in `sums`, about.
    value_bytes: usize,
    key: Vec<u8>,
}

impl PathSet {
    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.channels.heap_bytes()
            + self.paths.heap_bytes()
            + self.sums.capacity() * size_of::<Sums>()
            + self.value_bytes
            + self.key.capacity()
    }

    /// Adds journeys along one path: so many conversions of a total value, and so many without one. A path without a
    /// touch is kept apart from the others. Without any journey the row says nothing and is left out.
    ///
    /// `22023`: a negative count, a value without a conversion. `54000`: more journeys than a `bigint` counts. `55000`: a
    /// channel that is not UTF-8.
    pub fn push<T: AsRef<[u8]>>(&mut self, path: &[T], conversions: i64, value: &Amount, nulls: i64) -> Result<()> {
        let count = |count: i64, name: &str| {
            u64::try_from(count).map_err(|_| {
                Error::invalid(
                    format!("{name} must be zero or above, not {count}"),
                    format!("Count journeys; money that is given back is a negative value, not negative {name}."),
                )
            })
        };
        let (conversions, nulls) = (count(conversions, "conversions")?, count(nulls, "nulls")?);
        if conversions == 0 && !value.is_zero() {
            return Err(Error::invalid(
                format!("value {value} without a conversion"),
                "Give the value in the row that counts its conversions.",
            ));
        }
        if conversions == 0 && nulls == 0 {
            return Ok(());
        }
        let mut key = core::mem::take(&mut self.key);
        key.clear();
        for channel in path.iter().map(AsRef::as_ref) {
            let known = self.channels.len();
            let id = self.channels.intern(channel)?;
            if self.channels.len() > known {
                utf8(channel)?;
            }
            put(&mut key, id);
        }
        let added = self.add(&key, &Sums { conversions, nulls, value: Amount::default() }, value);
        self.key = key;
        added
    }

    fn add(&mut self, key: &[u8], counts: &Sums, value: &Amount) -> Result<()> {
        let total = self.total.checked_add(counts.conversions).and_then(|total| total.checked_add(counts.nulls));
        self.total = total.filter(|total| i64::try_from(*total).is_ok()).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                "a path set counts more than 9223372036854775807 journeys",
                "Count in thousands, or aggregate a shorter range.",
            )
        })?;
        let id = self.paths.intern(key)? as usize;
        if id == self.sums.len() {
            self.sums.push(Sums::default());
        }
        if let Some(sums) = self.sums.get_mut(id) {
            sums.conversions += counts.conversions;
            sums.nulls += counts.nulls;
            if !value.is_zero() {
                let before = if sums.value.is_zero() { 0 } else { sums.value.heap_bytes() };
                sums.value.add(value);
                self.value_bytes = (self.value_bytes + sums.value.heap_bytes()).saturating_sub(before);
            }
        }
        Ok(())
    }

    /// Takes the paths of another set into this one.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let own: Vec<u32> = (0u32..)
            .zip(0..other.channels.len())
            .map(|(id, _)| self.channels.intern(other.channels.get(id)))
            .collect::<Result<_>>()?;
        let mut key = Vec::new();
        for (id, sums) in (0u32..).zip(&other.sums) {
            key.clear();
            for step in steps(other.paths.get(id)) {
                put(&mut key, own.get(step as usize).copied().unwrap_or_default());
            }
            self.add(&key, sums, &sums.value)?;
        }
        Ok(())
    }

    /// The paths in canonical order.
    pub fn journeys(&self) -> Journeys {
        let mut order: Vec<u32> = (0u32..).zip(0..self.channels.len()).map(|(id, _)| id).collect();
        order.sort_unstable_by(|a, b| self.channels.get(*a).cmp(self.channels.get(*b)));
        let mut places = vec![0u32; order.len()];
        for (place, id) in (0u32..).zip(&order) {
            if let Some(slot) = places.get_mut(*id as usize) {
                *slot = place;
            }
        }
        let place = |step: u32| places.get(step as usize).copied().unwrap_or_default();
        // All paths in one piece, so that the sort compares slices.
        let mut all: Vec<u32> = Vec::new();
        let mut paths: Vec<(usize, usize, &Sums)> = Vec::with_capacity(self.sums.len());
        for (id, sums) in (0u32..).zip(&self.sums) {
            let start = all.len();
            all.extend(steps(self.paths.get(id)).map(place));
            paths.push((start, all.len(), sums));
        }
        let path = |start: usize, end: usize| all.get(start..end).unwrap_or_default();
        paths.sort_unstable_by(|a, b| path(a.0, a.1).cmp(path(b.0, b.1)));
        let text = |id: &u32| String::from_utf8_lossy(self.channels.get(*id)).into_owned();
        let mut journeys = Journeys::new(order.iter().map(text).collect());
        for (start, end, sums) in paths {
            journeys.push(path(start, end), sums.clone());
        }
        journeys
    }

    /// The bytes: the same for the same rows, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        self.journeys().encode()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let journeys = Journeys::decode(bytes)?;
        let mut set = Self::default();
        for channel in journeys.channels() {
            set.channels.intern(channel.as_bytes())?;
        }
        let mut key = Vec::new();
        for (path, sums) in journeys.iter() {
            key.clear();
            path.iter().for_each(|step| put(&mut key, *step));
            set.add(&key, sums, &sums.value)?;
        }
        Ok(set)
    }
}

/// Adds a channel to the key of a path, its lowest bits first; the last byte of a number has no high bit.
fn put(key: &mut Vec<u8>, mut step: u32) {
    while step >= 0x80 {
        key.push(step as u8 | 0x80);
        step >>= 7;
    }
    key.push(step as u8);
}

fn steps(key: &[u8]) -> impl Iterator<Item = u32> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |step, byte| step << 7 | u32::from(byte & 0x7f));
    key.split_inclusive(|byte| *byte < 0x80).map(number)
}
