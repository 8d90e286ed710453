//! The state of `path_agg`: paths as they come, each kept once.

use super::amount::{Amounts, ExactAmount};
use super::counted_paths::{CountedPath, Journeys};
use super::path_key::{FirstSteps, put, steps};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;
use crate::state::Dictionary;
use crate::text::utf8;

/// Paths with their conversions, values and journeys without a conversion.
#[derive(Debug, Clone, Default)]
pub struct PathSet {
    channels: Dictionary,
    /// A path is the numbers of its channels, seven bits a byte: short paths of few channels are found in one place in memory.
    paths: Dictionary,
    /// Conversions and nulls of each path.
    counts: Vec<(u64, u64)>,
    values: Amounts,
    /// All conversions and nulls.
    total: u64,
    /// What the values take beside their place in `values`, about.
    value_bytes: usize,
    key: Vec<u8>,
}

/// At most so many paths of another set are added between two counts of the memory.
const UNCOUNTED: usize = 1 << 8;

impl PathSet {
    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.channels.heap_bytes()
            + self.paths.heap_bytes()
            + self.counts.capacity() * size_of::<(u64, u64)>()
            + self.values.heap_bytes()
            + self.value_bytes
            + self.key.capacity()
    }

    /// Adds journeys along one path: so many conversions of a total value, and so many without one. A path without a
    /// touch is kept apart from the others. Without any journey the row says nothing and is left out.
    ///
    /// `22023`: a negative count, a value without a conversion. `54000`: more journeys than a `bigint` counts. `55000`: a
    /// channel that is not UTF-8.
    pub fn push<T: AsRef<[u8]>>(
        &mut self,
        path: impl IntoIterator<Item = T>,
        conversions: i64,
        value: &ExactAmount,
        nulls: i64,
    ) -> Result<()> {
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
            // Whoever hands out the channels may still find one that is no text.
            path.into_iter().for_each(drop);
            return Ok(());
        }
        let mut key = core::mem::take(&mut self.key);
        key.clear();
        for channel in path {
            let channel = channel.as_ref();
            let known = self.channels.len();
            let id = self.channels.intern(channel)?;
            if self.channels.len() > known {
                utf8(channel)?;
            }
            put(&mut key, id)?;
        }
        let added = self.add(&key, (conversions, nulls), value);
        self.key = key;
        added
    }

    fn add(&mut self, key: &[u8], (conversions, nulls): (u64, u64), value: &ExactAmount) -> Result<()> {
        let total = self.total.checked_add(conversions).and_then(|total| total.checked_add(nulls));
        self.total = total.filter(|total| i64::try_from(*total).is_ok()).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                "a path set counts more than 9223372036854775807 journeys",
                "Count in thousands, or aggregate a shorter range.",
            )
        })?;
        let id = self.paths.intern(key)? as usize;
        match self.counts.get_mut(id) {
            Some(counts) => *counts = (counts.0 + conversions, counts.1 + nulls),
            None => memory::push(&mut self.counts, (conversions, nulls))?,
        }
        if !value.is_zero() {
            let sum = self.values.get_mut(id)?;
            let before = if sum.is_zero() { 0 } else { sum.heap_bytes() };
            sum.add(value);
            self.value_bytes = (self.value_bytes + sum.heap_bytes()).saturating_sub(before);
        }
        Ok(())
    }

    /// Takes the paths of another set into this one.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let (before, mut growth, mut throttle) = (self.heap_bytes(), Reservation::default(), Throttle::default());
        let names = (0..other.channels.len() as u32).map(|id| other.channels.get(id));
        let own = self.own_channels(names)?;
        let mut key = Vec::new();
        for (id, counts) in (0u32..).zip(&other.counts) {
            throttle.step();
            if (id as usize).is_multiple_of(UNCOUNTED) {
                growth.set(self.heap_bytes().saturating_sub(before))?;
            }
            key.clear();
            for step in steps(other.paths.get(id)) {
                put(&mut key, own.get(step as usize).copied().unwrap_or_default())?;
            }
            self.add(&key, *counts, other.values.get(id as usize))?;
        }
        Ok(())
    }

    fn own_channels<'a>(&mut self, names: impl Iterator<Item = &'a [u8]>) -> Result<HeldVec<u32>> {
        let mut own = HeldVec::default();
        for name in names {
            own.push(self.channels.intern(name)?)?;
        }
        Ok(own)
    }

    /// The paths in canonical order.
    pub fn journeys(&self) -> Result<Journeys> {
        let order = HeldVec::collect(self.channels.in_order()?)?;
        let mut places = HeldVec::filled(0u32, order.len())?;
        for (place, id) in (0u32..).zip(&order) {
            if let Some(slot) = places.get_mut(*id as usize) {
                *slot = place;
            }
        }
        let path =
            |id: u32| steps(self.paths.get(id)).map(|step| places.get(step as usize).copied().unwrap_or_default());
        let first_steps = FirstSteps::of(order.len());
        let mut paths = HeldVec::collect((0u32..).zip(&self.counts).map(|(id, _)| (first_steps.key(path(id)), id)))?;
        sort::by(&mut paths, |a, b| a.0.cmp(&b.0).then_with(|| path(a.1).cmp(path(b.1))));
        let mut journeys = Journeys::default();
        for id in &order {
            journeys.add_channel(&String::from_utf8_lossy(self.channels.get(*id)))?;
        }
        let mut throttle = Throttle::default();
        for (_, id) in &paths {
            throttle.step();
            let counts = self.counts.get(*id as usize).copied().unwrap_or_default();
            journeys.push(path(*id), counts, self.values.get(*id as usize))?;
        }
        Ok(journeys)
    }

    /// The bytes: the same for the same rows, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        self.journeys()?.encode()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut set = Self::default();
        set.merge_bytes(bytes)?;
        Ok(set)
    }

    /// Takes the paths of a set of which these are the bytes.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let (before, mut growth) = (self.heap_bytes(), Reservation::default());
        let journeys = Journeys::decode(bytes)?;
        let own = self.own_channels(journeys.channels().iter().map(String::as_bytes))?;
        let mut key = Vec::new();
        for (i, CountedPath { steps, conversions, nulls, value }) in journeys.iter().enumerate() {
            if i.is_multiple_of(UNCOUNTED) {
                growth.set(self.heap_bytes().saturating_sub(before))?;
            }
            key.clear();
            for step in interrupt::chunks(steps).flatten() {
                put(&mut key, own.get(*step as usize).copied().unwrap_or_default())?;
            }
            self.add(&key, (conversions, nulls), value)?;
        }
        Ok(())
    }
}
