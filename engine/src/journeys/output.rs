//! The answer of a set as bytes, and the rows in it.

use super::credit::credit;
use super::index::Index;
use super::paths::{journeys, paths};
use super::set::JourneySet;
use crate::error::Result;
use crate::resource::interrupt;
use crate::state::{Reader, Writer};

const KIND: u8 = b'J';
const VERSION: u8 = 1;
const NAME: &str = "the answer of journey_set";

/// What one value of the dimension has under one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditRow {
    /// The value; `None` for conversions without a journey.
    pub value: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// One for each model asked for, in that order.
    pub amounts: Vec<Amount>,
}

/// A distinct path.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

impl JourneySet {
    /// The bytes of what the settings ask for.
    ///
    /// Errors: those of the models.
    pub fn answer(&self) -> Result<Vec<u8>> {
        let index = Index::new(self);
        let mut w = Writer::new(KIND, VERSION);
        let rows = if self.settings.models.is_empty() { Vec::new() } else { credit(&index)? };
        section(&mut w, &rows, |w, row: &CreditRow| {
            optional(w, row.value.as_deref());
            optional(w, row.currency.as_deref());
            w.unsigned(row.amounts.len() as u64);
            for amount in &row.amounts {
                w.text(amount.conversions.as_bytes());
                w.text(amount.value.as_bytes());
                w.unsigned(amount.touches);
                w.unsigned(amount.visitors);
            }
        });
        let rows = if self.settings.paths { paths(&index) } else { Vec::new() };
        section(&mut w, &rows, |w, row: &PathRow| {
            texts(w, &row.path);
            optional(w, row.currency.as_deref());
            w.unsigned(row.conversions);
            w.text(row.value.as_bytes());
            w.unsigned(row.nulls);
        });
        let rows = if self.settings.journeys { journeys(&index) } else { Vec::new() };
        section(&mut w, &rows, |w, row: &JourneyRow| {
            w.text(row.id.as_bytes());
            optional(w, row.currency.as_deref());
            w.text(row.value.as_bytes());
            w.signed(row.ends_at);
            texts(w, &row.path);
            for at in &row.touched_at {
                w.signed(*at);
            }
        });
        Ok(w.finish())
    }
}

/// A section: its length in bytes, so that a reader can skip it, and its rows.
fn section<R>(w: &mut Writer, rows: &[R], write: impl Fn(&mut Writer, &R)) {
    let mut inner = Writer::default();
    inner.unsigned(rows.len() as u64);
    for row in rows {
        interrupt::check();
        write(&mut inner, row);
    }
    w.text(&inner.finish());
}

fn optional(w: &mut Writer, text: Option<&str>) {
    w.unsigned(u64::from(text.is_some()));
    w.text(text.unwrap_or("").as_bytes());
}

fn texts(w: &mut Writer, texts: &[String]) {
    w.unsigned(texts.len() as u64);
    for text in texts {
        w.text(text.as_bytes());
    }
}

/// The sections of an answer; each gives its rows one by one. Bytes that no set wrote are `22P03`.
pub trait Tables: Sized {
    /// The row of this table.
    type Row;
    /// Begins to read this table of an answer.
    fn new(bytes: &[u8]) -> Result<Self>;
    /// The next row, `None` after the last.
    fn next_row(&mut self) -> Result<Option<Self::Row>>;
}

/// A section that is being read.
#[derive(Debug)]
struct Section {
    bytes: Vec<u8>,
    at: usize,
    left: usize,
}

impl Section {
    fn new(bytes: &[u8], place: usize) -> Result<Self> {
        let mut reader = Reader::new(bytes, KIND, VERSION, NAME)?;
        for _ in 0..place {
            reader.text()?;
        }
        let bytes = reader.text()?.to_vec();
        let mut reader = Reader::resume(&bytes, NAME);
        let left = reader.count(1)?;
        let at = bytes.len() - reader.left();
        Ok(Self { bytes, at, left })
    }

    fn next<R>(&mut self, read: impl FnOnce(&mut Reader<'_>) -> Result<R>) -> Result<Option<R>> {
        let mut reader = Reader::resume(self.bytes.get(self.at..).unwrap_or_default(), NAME);
        if self.left == 0 {
            reader.finish()?;
            return Ok(None);
        }
        let row = read(&mut reader)?;
        self.left -= 1;
        self.at = self.bytes.len() - reader.left();
        Ok(Some(row))
    }
}

fn read_text(reader: &mut Reader<'_>) -> Result<String> {
    let bytes = reader.text()?;
    core::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .map(str::to_owned)
        .ok_or_else(|| reader.malformed("a text is none"))
}

fn read_optional(reader: &mut Reader<'_>) -> Result<Option<String>> {
    let there = reader.unsigned()? != 0;
    let text = read_text(reader)?;
    Ok(there.then_some(text))
}

fn read_texts(reader: &mut Reader<'_>) -> Result<Vec<String>> {
    (0..reader.count(1)?).map(|_| read_text(reader)).collect()
}

/// Reads the credit.
#[derive(Debug)]
pub struct CreditRows(Section);

impl Tables for CreditRows {
    type Row = CreditRow;

    fn new(bytes: &[u8]) -> Result<Self> {
        Section::new(bytes, 0).map(Self)
    }

    fn next_row(&mut self) -> Result<Option<CreditRow>> {
        self.0.next(|r| {
            let (value, currency) = (read_optional(r)?, read_optional(r)?);
            let count = r.count(4)?;
            let amount = |r: &mut Reader<'_>| {
                Ok(Amount {
                    conversions: read_text(r)?,
                    value: read_text(r)?,
                    touches: r.unsigned()?,
                    visitors: r.unsigned()?,
                })
            };
            Ok(CreditRow { value, currency, amounts: (0..count).map(|_| amount(r)).collect::<Result<_>>()? })
        })
    }
}

/// Reads the distinct paths.
#[derive(Debug)]
pub struct PathRows(Section);

impl Tables for PathRows {
    type Row = PathRow;

    fn new(bytes: &[u8]) -> Result<Self> {
        Section::new(bytes, 1).map(Self)
    }

    fn next_row(&mut self) -> Result<Option<PathRow>> {
        self.0.next(|r| {
            Ok(PathRow {
                path: read_texts(r)?,
                currency: read_optional(r)?,
                conversions: r.unsigned()?,
                value: read_text(r)?,
                nulls: r.unsigned()?,
            })
        })
    }
}

/// Reads the journeys of conversions.
#[derive(Debug)]
pub struct JourneyRows(Section);

impl Tables for JourneyRows {
    type Row = JourneyRow;

    fn new(bytes: &[u8]) -> Result<Self> {
        Section::new(bytes, 2).map(Self)
    }

    fn next_row(&mut self) -> Result<Option<JourneyRow>> {
        self.0.next(|r| {
            let (id, currency, value) = (read_text(r)?, read_optional(r)?, read_text(r)?);
            let (ends_at, path) = (r.signed()?, read_texts(r)?);
            let touched_at = path.iter().map(|_| r.signed()).collect::<Result<_>>()?;
            Ok(JourneyRow { id, currency, value, ends_at, path, touched_at })
        })
    }
}
