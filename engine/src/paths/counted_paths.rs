//! The canonical form of a set of paths: channels and paths in order of bytes, each path once. All models read it, so that
//! their sums have one order, and it is what the bytes of a state hold.

use super::amount::{Amounts, ExactAmount};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::state::{Reader, Writer};

const KIND: u8 = b'P';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.path_set";
/// PostgreSQL's largest value takes a gigabyte.
const MAX_BYTES: usize = (1 << 30) - 1024;

/// What went along several paths.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JourneySums {
    /// Journeys that converted; with the nulls of all paths at most the largest `bigint`.
    pub conversions: u64,
    /// Journeys that did not.
    pub nulls: u64,
    /// What the conversions are worth together.
    pub value: ExactAmount,
}

/// A path and what went along it.
#[derive(Debug, Clone, Copy)]
pub struct CountedPath<'a> {
    /// Its channels, as places in [`Journeys::channels`].
    pub steps: &'a [u32],
    /// Journeys that converted.
    pub conversions: u64,
    /// Journeys that did not.
    pub nulls: u64,
    /// What the conversions are worth together.
    pub value: &'a ExactAmount,
}

/// Paths in canonical order.
#[derive(Debug, Default)]
pub struct Journeys {
    /// In order of bytes; every one is used.
    channels: HeldVec<String>,
    /// The channels of all paths, one path after the other, as places in `channels`.
    steps: HeldVec<u32>,
    /// Where each path ends in `steps`.
    ends: HeldVec<usize>,
    /// Conversions and nulls of each path.
    counts: HeldVec<(u64, u64)>,
    values: Amounts,
    /// The bytes of the channels' texts and of the values' digits, which `held` covers with the values' places.
    text_bytes: usize,
    digit_bytes: usize,
    held: Reservation,
}

/// The same sums as floating-point numbers, path by path: what the models compute with.
#[derive(Debug, Default)]
pub struct PathCounts {
    /// Conversions.
    pub conversions: HeldVec<f64>,
    /// Journeys without a conversion.
    pub nulls: HeldVec<f64>,
    /// Values.
    pub value: HeldVec<f64>,
}

impl Journeys {
    /// Adds the channel that comes next in order of bytes.
    pub(super) fn add_channel(&mut self, name: &str) -> Result<()> {
        self.text_bytes += name.len();
        self.count()?;
        self.channels.push(memory::text(name)?)
    }

    /// Adds the path that comes next in order of its channels' places.
    pub(super) fn push(
        &mut self,
        steps: impl Iterator<Item = u32>,
        counts: (u64, u64),
        value: &ExactAmount,
    ) -> Result<()> {
        for step in steps {
            self.steps.push(step)?;
        }
        self.ends.push(self.steps.len())?;
        if !value.is_zero() {
            self.set_value(self.counts.len(), value.clone())?;
        }
        self.counts.push(counts)
    }

    fn set_value(&mut self, path: usize, value: ExactAmount) -> Result<()> {
        self.digit_bytes += value.heap_bytes();
        *self.values.get_mut(path)? = value;
        self.count()
    }

    fn count(&mut self) -> Result<()> {
        self.held.set(self.text_bytes + self.digit_bytes + self.values.heap_bytes())
    }

    /// The channels in order of bytes.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// How many different paths there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// A path; `None` beyond the last.
    pub fn get(&self, i: usize) -> Option<CountedPath<'_>> {
        let (conversions, nulls) = *self.counts.get(i)?;
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        let steps = self.ends.get(i).and_then(|end| self.steps.get(start..*end)).unwrap_or_default();
        Some(CountedPath { steps, conversions, nulls, value: self.values.get(i) })
    }

    /// Every path, in order, with a look for an interrupt now and then.
    pub fn iter(&self) -> impl Iterator<Item = CountedPath<'_>> {
        let mut throttle = Throttle::default();
        (0..self.len()).filter_map(move |i| {
            let path = self.get(i)?;
            throttle.steps(1 + path.steps.len());
            Some(path)
        })
    }

    /// A row for each channel with its name, in order.
    pub(super) fn rows<T, R>(
        &self,
        values: impl IntoIterator<Item = T>,
        row: impl Fn(String, T) -> R,
    ) -> Result<Vec<R>> {
        let (mut rows, mut throttle) = (memory::with_room(self.channels.len())?, Throttle::default());
        for (channel, value) in self.channels.iter().zip(values) {
            throttle.step();
            rows.push(row(memory::text(channel)?, value));
        }
        Ok(rows)
    }

    /// The name of a channel.
    pub fn name(&self, channel: u32) -> &str {
        self.channels.get(channel as usize).map_or("", String::as_str)
    }

    /// The place of the channel of that name.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.channels.binary_search_by(|channel| channel.as_str().cmp(name)).ok()
    }

    /// What converted without any touch.
    pub fn unattributed(&self) -> JourneySums {
        self.sums(self.get(0).into_iter().filter(|path| path.steps.is_empty()))
    }

    /// The sums of all paths.
    pub fn totals(&self) -> JourneySums {
        self.sums(self.iter())
    }

    fn sums<'a>(&self, paths: impl Iterator<Item = CountedPath<'a>>) -> JourneySums {
        let mut sums = JourneySums::default();
        for path in paths {
            sums.conversions += path.conversions;
            sums.nulls += path.nulls;
            sums.value.add(path.value);
        }
        sums
    }

    /// The sums as floating-point numbers; `54000` for a value beyond 1e250.
    pub fn counts(&self) -> Result<PathCounts> {
        let mut value = HeldVec::with_room(self.len())?;
        for path in self.iter() {
            value.push(path.value.to_f64()?)?;
        }
        Ok(PathCounts {
            conversions: HeldVec::collect(self.counts.iter().map(|(conversions, _)| *conversions as f64))?,
            nulls: HeldVec::collect(self.counts.iter().map(|(_, nulls)| *nulls as f64))?,
            value,
        })
    }

    /// The bytes; `54000` beyond a gigabyte.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.channels.len() as u64);
        for channel in &self.channels {
            w.text(channel.as_bytes());
        }
        w.unsigned(self.len() as u64);
        for CountedPath { steps, conversions, nulls, value } in self.iter() {
            w.unsigned(steps.len() as u64);
            for step in interrupt::chunks(steps).flatten() {
                w.unsigned(u64::from(*step));
            }
            w.unsigned(conversions);
            w.unsigned(nulls);
            if conversions > 0 {
                value.write(&mut w);
            }
        }
        let bytes = w.finish()?;
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("a path set of {} bytes is too large to be stored", bytes.len()),
                "Aggregate fewer paths, or shorten them with mrcall.path_transform.",
            ));
        }
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote; anything else is `22P03`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let count = r.count(1)?;
        let (mut journeys, mut throttle) = (Self::default(), Throttle::default());
        for _ in 0..count {
            throttle.step();
            let text = core::str::from_utf8(r.text()?).ok().filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| r.malformed("a channel is not valid UTF-8"))?;
            if journeys.channels.last().is_some_and(|last| last.as_str() >= text) {
                return Err(r.malformed("its channels are not sorted"));
            }
            journeys.add_channel(text)?;
        }
        let paths = r.count(3)?;
        journeys.ends.reserve(paths)?;
        journeys.counts.reserve(paths)?;
        let mut used = HeldVec::filled(false, count)?;
        let mut total = 0u64;
        let (mut before, mut start) = (0, 0);
        for i in 0..paths {
            let length = r.count(1)?;
            throttle.steps(1 + length);
            journeys.read_steps(&mut r, length, &mut used)?;
            let end = journeys.steps.len();
            if i > 0 && journeys.steps.get(before..start) >= journeys.steps.get(start..end) {
                return Err(r.malformed("its paths are not sorted"));
            }
            (before, start) = (start, end);
            journeys.ends.push(end)?;
            let (conversions, nulls) = (r.unsigned()?, r.unsigned()?);
            if conversions > 0 {
                let value = ExactAmount::read(&mut r)?;
                if !value.is_zero() {
                    journeys.set_value(i, value)?;
                }
            }
            let sum = conversions.checked_add(nulls).filter(|sum| *sum > 0);
            total = sum
                .and_then(|sum| total.checked_add(sum))
                .filter(|total| i64::try_from(*total).is_ok())
                .ok_or_else(|| r.malformed("a count is out of range"))?;
            journeys.counts.push((conversions, nulls))?;
        }
        if used.contains(&false) || journeys.is_empty() {
            return Err(r.malformed("channels or paths are missing"));
        }
        r.finish()?;
        Ok(journeys)
    }

    /// Reads so many steps, and marks their channels as used.
    fn read_steps(&mut self, r: &mut Reader<'_>, length: usize, used: &mut [bool]) -> Result<()> {
        self.steps.reserve(length)?;
        let mut throttle = Throttle::default();
        for _ in 0..length {
            throttle.step();
            let step = r.unsigned_32()?;
            *used.get_mut(step as usize).ok_or_else(|| r.malformed("a channel is missing"))? = true;
            self.steps.push(step)?;
        }
        Ok(())
    }
}
