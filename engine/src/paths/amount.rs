//! Amounts of any precision, added exactly.

use core::fmt;

use num_bigint::{BigInt, Sign};
use num_traits::{ToPrimitive, Zero};

use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory;
use crate::state::{Reader, Writer};

/// PostgreSQL's numeric has at most so many decimals.
const MAX_SCALE: u64 = 16_383;
/// And so many digits before the point; with the decimals they take under 490,000 bits.
const MAX_BYTES: usize = 61_500;
/// The models compute with floating-point numbers; below this no sum of theirs can overflow.
const MAX_FLOAT: f64 = 1e250;

/// A decimal number: `units` of `10^-scale`.
#[derive(Debug, Clone, Default)]
pub struct ExactAmount {
    units: BigInt,
    scale: u32,
}

/// What [`Amounts`] has beyond its end.
static ZERO: ExactAmount = ExactAmount { units: BigInt::ZERO, scale: 0 };

/// An amount for each of many things; those beyond the end are 0, so that without any they take no memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Amounts(Vec<ExactAmount>);

impl Amounts {
    pub(super) fn get(&self, i: usize) -> &ExactAmount {
        self.0.get(i).unwrap_or(&ZERO)
    }

    pub(super) fn get_mut(&mut self, i: usize) -> Result<&mut ExactAmount> {
        let length = self.0.len();
        if i >= length {
            memory::reserve(&mut self.0, i + 1 - length)?;
            self.0.resize(i + 1, ExactAmount::default());
        }
        Ok(&mut self.0[i])
    }

    /// The memory that they take beside what each has of its own, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<ExactAmount>()
    }
}

impl ExactAmount {
    /// The number of groups of four decimal digits, the first one weighing `10000^weight`: how PostgreSQL sends a numeric.
    pub fn from_groups(groups: &[u16], weight: i32, negative: bool) -> Self {
        if groups.is_empty() {
            return Self::default();
        }
        let mut units = BigInt::default();
        // Nine groups at a time: they fit a machine word of 128 bits.
        for chunk in groups.chunks(9) {
            let value = chunk.iter().fold(0u128, |value, group| value * 10_000 + u128::from(*group));
            if !units.is_zero() {
                units *= power_of_ten(4 * chunk.len() as u32);
            }
            units += value;
        }
        let exponent = (i64::from(weight) + 1 - groups.len() as i64) * 4;
        let places = u32::try_from(exponent.unsigned_abs()).unwrap_or(0);
        if negative {
            units = -units;
        }
        if exponent <= 0 {
            return Self { units, scale: places };
        }
        Self { units: units * power_of_ten(places), scale: 0 }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.units.is_zero()
    }

    /// The memory that it takes beside itself, in bytes.
    pub fn heap_bytes(&self) -> usize {
        usize::try_from(self.units.bits() / 8 + 8).unwrap_or(usize::MAX)
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        if self.scale < other.scale {
            self.units *= power_of_ten(other.scale - self.scale);
            self.scale = other.scale;
        }
        match self.scale - other.scale {
            0 => self.units += &other.units,
            places => self.units += &other.units * power_of_ten(places),
        }
    }

    /// The same number with as few decimals as it needs.
    pub fn normal(&self) -> Self {
        let mut normal = self.clone();
        if normal.units.is_zero() {
            normal.scale = 0;
        }
        // Many zeros at a time, then one by one.
        for step in [1024, 32, 1] {
            if normal.scale >= step {
                let power = power_of_ten(step);
                while normal.scale >= step && (&normal.units % &power).is_zero() {
                    normal.units /= &power;
                    normal.scale -= step;
                }
            }
        }
        normal
    }

    /// The nearest floating-point number; `54000` beyond 1e250.
    pub fn to_f64(&self) -> Result<f64> {
        // Both are exact as floating-point numbers: one rounding.
        if self.units.bits() <= 53 && self.scale <= 22 {
            let power = 10f64.powi(self.scale as i32);
            return Ok(self.units.to_f64().unwrap_or_default() / power);
        }
        let text = format!("{}e-{}", self.units, self.scale);
        text.parse().ok().filter(|value: &f64| value.abs() <= MAX_FLOAT).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                "the value of a path is beyond 1e250",
                "Give values in a larger unit: the models compute with floating-point numbers.",
            )
        })
    }

    /// Writes it in its normal form.
    pub(super) fn write(&self, writer: &mut Writer) {
        let normal = self.normal();
        if normal.units.is_zero() {
            return writer.text(b"");
        }
        writer.text(&normal.units.to_signed_bytes_le());
        writer.unsigned(u64::from(normal.scale));
    }

    /// Reads what [`Self::write`] wrote, and nothing else.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let bytes = reader.text()?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let scale = reader.unsigned()?;
        let bad = || reader.malformed("an amount is invalid");
        if bytes.len() > MAX_BYTES || scale > MAX_SCALE {
            return Err(bad());
        }
        if let Some(units) = small(bytes) {
            let good = units != 0 && (scale == 0 || units % 10 != 0) && is_shortest(bytes);
            let scale = u32::try_from(scale).ok().filter(|_| good).ok_or_else(bad)?;
            return Ok(Self { units: units.into(), scale });
        }
        let units = BigInt::from_signed_bytes_le(bytes);
        let shortest = !units.is_zero() && units.to_signed_bytes_le() == bytes;
        if !shortest || (scale > 0 && (&units % 10u32).is_zero()) {
            return Err(bad());
        }
        Ok(Self { units, scale: u32::try_from(scale).map_err(|_| bad())? })
    }
}

/// A number of at most eight bytes, the lowest first, in two's complement.
fn small(bytes: &[u8]) -> Option<i64> {
    let sign = if bytes.last()? & 0x80 == 0 { 0 } else { 0xff };
    let mut word = [sign; 8];
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(word))
}

/// Whether the last byte says more than the sign that the one before it has.
fn is_shortest(bytes: &[u8]) -> bool {
    !matches!(bytes, [.., 0..=0x7f, 0] | [.., 0x80..=0xff, 0xff])
}

fn power_of_ten(exponent: u32) -> BigInt {
    match 10u64.checked_pow(exponent) {
        Some(power) => power.into(),
        None => BigInt::from(10u32).pow(exponent),
    }
}

impl PartialEq for ExactAmount {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.normal(), other.normal());
        a.units == b.units && a.scale == b.scale
    }
}

impl fmt::Display for ExactAmount {
    /// Plain decimal digits, as many decimals as it needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let normal = self.normal();
        let scale = normal.scale as usize;
        let digits = format!("{:0>width$}", normal.units.magnitude().to_string(), width = scale + 1);
        let (whole, decimals) = digits.split_at(digits.len() - scale);
        let sign = if normal.units.sign() == Sign::Minus { "-" } else { "" };
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{decimals}")
    }
}
