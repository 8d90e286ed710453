//! The canonical form of a set of paths: channels and paths in order of bytes, each path once. All models read it, so that
//! their sums have one order, and it is what the bytes of a state hold.

use super::amount::{Amount, Amounts};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::state::{Reader, Writer};

const KIND: u8 = b'P';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.path_set";
/// PostgreSQL's largest value takes a gigabyte.
const MAX_BYTES: usize = (1 << 30) - 1024;

/// What went along several paths.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Journeys that converted; with the nulls of all paths at most the largest `bigint`.
    pub conversions: u64,
    /// Journeys that did not.
    pub nulls: u64,
    /// What the conversions are worth together.
    pub value: Amount,
}

/// A path and what went along it.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    /// Its channels, as places in [`Journeys::channels`].
    pub steps: &'a [u32],
    /// Journeys that converted.
    pub conversions: u64,
    /// Journeys that did not.
    pub nulls: u64,
    /// What the conversions are worth together.
    pub value: &'a Amount,
}

/// Paths in canonical order.
#[derive(Debug, Clone, Default)]
pub struct Journeys {
    /// In order of bytes; every one is used.
    channels: Vec<String>,
    /// The channels of all paths, one path after the other, as places in `channels`.
    steps: Vec<u32>,
    /// Where each path ends in `steps`.
    ends: Vec<usize>,
    /// Conversions and nulls of each path.
    counts: Vec<(u64, u64)>,
    values: Amounts,
}

/// The same sums as floating-point numbers, path by path: what the models compute with.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Conversions.
    pub conversions: Vec<f64>,
    /// Journeys without a conversion.
    pub nulls: Vec<f64>,
    /// Values.
    pub value: Vec<f64>,
}

impl Journeys {
    /// From channels in order of bytes and paths in order of their channels' places.
    pub(super) fn new(channels: Vec<String>) -> Self {
        Self { channels, ..Self::default() }
    }

    pub(super) fn push(&mut self, steps: impl Iterator<Item = u32>, counts: (u64, u64), value: &Amount) {
        self.steps.extend(steps);
        self.ends.push(self.steps.len());
        if !value.is_zero() {
            *self.values.get_mut(self.counts.len()) = value.clone();
        }
        self.counts.push(counts);
    }

    /// The channels in order of bytes.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// How many different paths there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// A path; `None` beyond the last.
    pub fn get(&self, i: usize) -> Option<Path<'_>> {
        let (conversions, nulls) = *self.counts.get(i)?;
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        let steps = self.ends.get(i).and_then(|end| self.steps.get(start..*end)).unwrap_or_default();
        Some(Path { steps, conversions, nulls, value: self.values.get(i) })
    }

    /// Every path, in order.
    pub fn iter(&self) -> impl Iterator<Item = Path<'_>> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// The name of a channel.
    pub fn name(&self, channel: u32) -> &str {
        self.channels.get(channel as usize).map_or("", String::as_str)
    }

    /// What converted without any touch.
    pub fn unattributed(&self) -> Sums {
        self.sums(self.get(0).into_iter().filter(|path| path.steps.is_empty()))
    }

    /// The sums of all paths.
    pub fn totals(&self) -> Sums {
        self.sums(self.iter())
    }

    fn sums<'a>(&self, paths: impl Iterator<Item = Path<'a>>) -> Sums {
        let mut sums = Sums::default();
        for path in paths {
            sums.conversions += path.conversions;
            sums.nulls += path.nulls;
            sums.value.add(path.value);
        }
        sums
    }

    /// The sums as floating-point numbers; `54000` for a value beyond 1e250.
    pub fn counts(&self) -> Result<Counts> {
        Ok(Counts {
            conversions: self.counts.iter().map(|(conversions, _)| *conversions as f64).collect(),
            nulls: self.counts.iter().map(|(_, nulls)| *nulls as f64).collect(),
            value: self.iter().map(|path| path.value.to_f64()).collect::<Result<_>>()?,
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
        let mut counter = interrupt::Throttle::default();
        for Path { steps, conversions, nulls, value } in self.iter() {
            counter.steps(1 + steps.len());
            w.unsigned(steps.len() as u64);
            for step in steps {
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
        let mut channels: Vec<String> = Vec::with_capacity(count);
        for _ in 0..count {
            let text = core::str::from_utf8(r.text()?).ok().filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| r.malformed("a channel is no text"))?;
            if channels.last().is_some_and(|last| last.as_str() >= text) {
                return Err(r.malformed("its channels are not sorted"));
            }
            channels.push(text.to_owned());
        }
        let paths = r.count(3)?;
        let mut journeys =
            Self { ends: Vec::with_capacity(paths), counts: Vec::with_capacity(paths), ..Self::new(channels) };
        let mut used = vec![false; count];
        let mut total = 0u64;
        let mut counter = interrupt::Throttle::default();
        let (mut before, mut start) = (0, 0);
        for i in 0..paths {
            let length = r.count(1)?;
            counter.steps(1 + length);
            journeys.read_steps(&mut r, length, &mut used)?;
            let end = journeys.steps.len();
            if i > 0 && journeys.steps.get(before..start) >= journeys.steps.get(start..end) {
                return Err(r.malformed("its paths are not sorted"));
            }
            (before, start) = (start, end);
            journeys.ends.push(end);
            let (conversions, nulls) = (r.unsigned()?, r.unsigned()?);
            if conversions > 0 {
                let value = Amount::read(&mut r)?;
                if !value.is_zero() {
                    *journeys.values.get_mut(i) = value;
                }
            }
            let sum = conversions.checked_add(nulls).filter(|sum| *sum > 0);
            total = sum
                .and_then(|sum| total.checked_add(sum))
                .filter(|total| i64::try_from(*total).is_ok())
                .ok_or_else(|| r.malformed("a count is out of range"))?;
            journeys.counts.push((conversions, nulls));
        }
        if used.contains(&false) || journeys.is_empty() {
            return Err(r.malformed("channels or paths are missing"));
        }
        r.finish()?;
        Ok(journeys)
    }

    /// Reads so many steps, and marks their channels as used.
    fn read_steps(&mut self, r: &mut Reader<'_>, length: usize, used: &mut [bool]) -> Result<()> {
        let mut mark = |step: u32, r: &Reader<'_>| {
            *used.get_mut(step as usize).ok_or_else(|| r.malformed("a channel is missing"))? = true;
            Ok(step)
        };
        if let Some(steps) = r.single_bytes(length) {
            for step in steps {
                self.steps.push(mark(u32::from(*step), r)?);
            }
            return Ok(());
        }
        for _ in 0..length {
            let step = r.unsigned_32()?;
            self.steps.push(mark(step, r)?);
        }
        Ok(())
    }
}
