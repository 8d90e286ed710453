//! The canonical form of a set of paths: channels and paths in order of bytes, each path once. All models read it, so that
//! their sums have one order, and it is what the bytes of a state hold.

use super::amount::Amount;
use crate::error::{Error, ErrorKind, Result};
use crate::state::{Reader, Writer};

const KIND: u8 = b'P';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.path_set";
/// PostgreSQL's largest value takes a gigabyte.
const MAX_BYTES: usize = (1 << 30) - 1024;

/// What went along one path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Journeys that converted; with the nulls of all paths at most the largest `bigint`.
    pub conversions: u64,
    /// Journeys that did not.
    pub nulls: u64,
    /// What the conversions are worth together.
    pub value: Amount,
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
    sums: Vec<Sums>,
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

    pub(super) fn push(&mut self, path: &[u32], sums: Sums) {
        self.steps.extend_from_slice(path);
        self.ends.push(self.steps.len());
        self.sums.push(sums);
    }

    /// The channels in order of bytes.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// How many different paths there are.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The steps of a path, as places in [`Self::channels`].
    pub fn path(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        self.ends.get(i).and_then(|end| self.steps.get(start..*end)).unwrap_or_default()
    }

    /// A path with its sums; `None` beyond the last.
    pub fn get(&self, i: usize) -> Option<(&[u32], &Sums)> {
        self.sums.get(i).map(|sums| (self.path(i), sums))
    }

    /// Every path with its sums, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], &Sums)> {
        self.sums.iter().enumerate().map(|(i, sums)| (self.path(i), sums))
    }

    /// The name of a channel.
    pub fn name(&self, channel: u32) -> &str {
        self.channels.get(channel as usize).map_or("", String::as_str)
    }

    /// What converted without any touch.
    pub fn unattributed(&self) -> Sums {
        self.iter().next().filter(|(path, _)| path.is_empty()).map(|(_, sums)| sums.clone()).unwrap_or_default()
    }

    /// The sums of all paths.
    pub fn totals(&self) -> Sums {
        let mut totals = Sums::default();
        for sums in &self.sums {
            totals.conversions += sums.conversions;
            totals.nulls += sums.nulls;
            totals.value.add(&sums.value);
        }
        totals
    }

    /// The sums as floating-point numbers; `54000` for a value beyond 1e250.
    pub fn counts(&self) -> Result<Counts> {
        Ok(Counts {
            conversions: self.sums.iter().map(|sums| sums.conversions as f64).collect(),
            nulls: self.sums.iter().map(|sums| sums.nulls as f64).collect(),
            value: self.sums.iter().map(|sums| sums.value.to_f64()).collect::<Result<_>>()?,
        })
    }

    /// The bytes; `54000` beyond a gigabyte.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.channels.len() as u64);
        for channel in &self.channels {
            w.text(channel.as_bytes());
        }
        w.unsigned(self.sums.len() as u64);
        for (path, sums) in self.iter() {
            w.unsigned(path.len() as u64);
            for step in path {
                w.unsigned(u64::from(*step));
            }
            w.unsigned(sums.conversions);
            w.unsigned(sums.nulls);
            if sums.conversions > 0 {
                sums.value.write(&mut w);
            }
        }
        let bytes = w.finish();
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
            Self { ends: Vec::with_capacity(paths), sums: Vec::with_capacity(paths), ..Self::new(channels) };
        let mut used = vec![false; count];
        let mut total = 0u64;
        for i in 0..paths {
            let length = r.count(1)?;
            for _ in 0..length {
                let step = r.unsigned_32()?;
                *used.get_mut(step as usize).ok_or_else(|| r.malformed("a channel is missing"))? = true;
                journeys.steps.push(step);
            }
            journeys.ends.push(journeys.steps.len());
            if i > 0 && journeys.path(i - 1) >= journeys.path(i) {
                return Err(r.malformed("its paths are not sorted"));
            }
            let (conversions, nulls) = (r.unsigned()?, r.unsigned()?);
            let value = if conversions > 0 { Amount::read(&mut r)? } else { Amount::default() };
            let sum = conversions.checked_add(nulls).filter(|sum| *sum > 0);
            total = sum
                .and_then(|sum| total.checked_add(sum))
                .filter(|total| i64::try_from(*total).is_ok())
                .ok_or_else(|| r.malformed("a count is out of range"))?;
            journeys.sums.push(Sums { conversions, nulls, value });
        }
        if used.contains(&false) || journeys.is_empty() {
            return Err(r.malformed("channels or paths are missing"));
        }
        r.finish()?;
        Ok(journeys)
    }
}
