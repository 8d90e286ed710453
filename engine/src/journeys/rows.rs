//! The rows that leave a set, and the bytes in which they do. These never leave the process, so serde and postcard write them.

use core::marker::PhantomData;

use postcard::ser_flavors::Flavor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory::{HeldVec, Reservation};
use crate::state::{Reader, Writer};

pub(super) const KIND: u8 = b'J';
pub(super) const VERSION: u8 = 2;
const NAME: &str = "the answer of journey_set";

/// What one value of the dimension has under one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCredit {
    /// Conversions, with six decimals.
    pub conversions: String,
    /// Their value.
    pub value: String,
    /// Touches of a weight above zero, where counts were asked for.
    pub touches: u64,
    /// Distinct browsers of those touches.
    pub visitors: u64,
}

/// The credit of one value of the dimension in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRow {
    /// The value; `None` for conversions without a journey.
    pub value: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// One for each model asked for, in that order.
    pub credits: Vec<ModelCredit>,
}

/// A distinct path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRow {
    /// The dimension's values along the way.
    pub path: Vec<String>,
    /// The currency of its conversions.
    pub currency: Option<String>,
    /// How many journeys along it converted.
    pub conversions: u64,
    /// The sum of their values.
    pub value: String,
    /// How many did not.
    pub nulls: u64,
}

/// The journey of a conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JourneyRow {
    /// The conversion's id.
    pub id: String,
    /// The currency of its value.
    pub currency: Option<String>,
    /// Its value.
    pub value: String,
    /// Where the journey ends, microseconds.
    pub ends_at: i64,
    /// The dimension's values along the way.
    pub path: Vec<String>,
    /// When, microseconds, as many as the path has.
    pub touched_at: Vec<i64>,
    /// In which browser, as many.
    pub visitors: Vec<String>,
    /// Through which channel, as many.
    pub channels: Vec<String>,
    /// The weight of each touch under the first model that was asked for, as many; none without a model.
    pub weights: Vec<f64>,
}

/// A row of one of an answer's tables.
pub trait AnswerRow: Serialize + DeserializeOwned {
    /// Which table, in the order in which they are written.
    const TABLE: usize;
    /// All its texts.
    fn texts(&self) -> impl Iterator<Item = &String>;
}

impl AnswerRow for CreditRow {
    const TABLE: usize = 0;

    fn texts(&self) -> impl Iterator<Item = &String> {
        let credits = self.credits.iter().flat_map(|credit| [&credit.conversions, &credit.value]);
        self.value.iter().chain(&self.currency).chain(credits)
    }
}

impl AnswerRow for PathRow {
    const TABLE: usize = 1;

    fn texts(&self) -> impl Iterator<Item = &String> {
        self.path.iter().chain(&self.currency).chain([&self.value])
    }
}

impl AnswerRow for JourneyRow {
    const TABLE: usize = 2;

    fn texts(&self) -> impl Iterator<Item = &String> {
        self.path
            .iter()
            .chain(&self.visitors)
            .chain(&self.channels)
            .chain(&self.currency)
            .chain([&self.id, &self.value])
    }
}

/// Writes the rows of a table, each behind its length.
#[derive(Debug)]
pub(super) struct TableWriter<R> {
    count: u64,
    rows: Writer,
    /// The row that is being written.
    row: Writer,
    held: Reservation,
    kind: PhantomData<R>,
}

impl<R: AnswerRow> TableWriter<R> {
    /// A table without rows.
    pub fn new() -> Self {
        let (rows, row) = (Writer::default(), Writer::default());
        Self { count: 0, rows, row, held: Reservation::default(), kind: PhantomData }
    }

    /// Writes a row.
    pub fn push(&mut self, row: &R) -> Result<()> {
        self.row.clear();
        postcard::serialize_with_flavor(row, RowBytes(&mut self.row)).map_err(|error| {
            Error::new(ErrorKind::NotPossible, format!("a row cannot be written: {error}"), "Report this.")
        })?;
        self.rows.text(self.row.bytes()?);
        self.count += 1;
        self.held.set(self.rows.heap_bytes() + self.row.heap_bytes())
    }

    /// Writes the table behind those that are in an answer: its length, so that a reader can skip it, and its rows.
    pub fn finish(self, answer: &mut Writer) -> Result<()> {
        let mut count = Writer::default();
        count.unsigned(self.count);
        let (count, rows) = (count.bytes()?, self.rows.bytes()?);
        answer.unsigned((count.len() + rows.len()) as u64);
        answer.append(count);
        answer.append(rows);
        Ok(())
    }
}

/// A writer as postcard wants it; an allocation that fails is remembered by the writer.
struct RowBytes<'a>(&'a mut Writer);

impl Flavor for RowBytes<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.append(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The most memory that a byte of a row becomes: an element of a list of texts, which has at least the byte of its length.
const BYTES_OF_BYTE: usize = size_of::<String>();

/// The rows of one table of an answer, one at a time; bytes that no set wrote are `22P03`.
///
/// Whoever calls the reading functions from SQL may pass any bytes. postcard allocates no list for elements that cannot be in the bytes
/// that are left, and serde at most 1 MiB before it has read the first of them, so a row takes at most [`BYTES_OF_BYTE`] times its
/// own bytes: these are asked of the limit before it is read.
#[derive(Debug)]
pub struct AnswerRows<R> {
    bytes: HeldVec<u8>,
    at: usize,
    left: usize,
    kind: PhantomData<R>,
}

impl<R: AnswerRow> AnswerRows<R> {
    /// Begins to read a table of an answer.
    pub fn new(answer: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(answer, KIND, VERSION, NAME)?;
        for _ in 0..R::TABLE {
            reader.text()?;
        }
        let table = reader.text()?;
        let mut reader = Reader::resume(table, NAME);
        let left = reader.count(1)?;
        let mut bytes = HeldVec::with_room(table.len())?;
        bytes.extend(table)?;
        Ok(Self { bytes, at: table.len() - reader.left(), left, kind: PhantomData })
    }

    /// The next row, `None` after the last.
    pub fn next_row(&mut self) -> Result<Option<R>> {
        let mut reader = Reader::resume(self.bytes.get(self.at..).unwrap_or_default(), NAME);
        if self.left == 0 {
            reader.finish()?;
            return Ok(None);
        }
        let bytes = reader.text()?;
        let _held = Reservation::of(bytes.len().saturating_mul(BYTES_OF_BYTE))?;
        let (row, rest) = postcard::take_from_bytes::<R>(bytes).map_err(|_| reader.malformed("invalid row"))?;
        if !rest.is_empty() {
            return Err(reader.malformed("bytes are left over"));
        }
        row.texts().try_for_each(|text| reader.valid_text(text.as_bytes()).map(|_| ()))?;
        self.left -= 1;
        self.at = self.bytes.len() - reader.left();
        Ok(Some(row))
    }
}
