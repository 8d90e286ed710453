//! Splitting an amount to the last digit (`mrcall.split_amount`).
//!
//! The weights are taken at their exact binary value, and the shares are computed in whole numbers, so no rounding
//! error can move a unit from one part to another. Rounding is by largest remainder (Hamilton's method): every part
//! gets its share rounded down, and the units left over go to the largest remainders, the earliest part first among
//! equals.

use std::cmp::Reverse;
use std::ops::Shl;

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::ToPrimitive;

use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;

/// Most decimals that an amount can be split to.
pub const MAX_SCALE: i32 = 38;
/// Most digits of an amount.
pub const MAX_DIGITS: usize = 100;
/// Most parts of one amount. With every limit reached a split takes under 0.1 s, so it has no need to look for a
/// cancel.
pub const MAX_PARTS: usize = 50_000;

/// Splits `amount`, the text of a `numeric`, into parts of `scale` decimals in proportion to `weights`.
///
/// The parts sum to `amount` exactly. A negative amount is split by its absolute value. `scale` is 0 to [`MAX_SCALE`].
///
/// `22023`: an amount that is NaN, infinite or finer than `scale`, a scale outside its range, a weight that is
/// negative or not finite, or no positive weight. `22P02`: text that is no plain decimal number. `54000`: more than
/// [`MAX_DIGITS`] or [`MAX_PARTS`]. The SQL layer handles NULL.
pub fn split_amount(amount: &str, weights: &[f64], scale: i32) -> Result<Vec<String>> {
    let decimals = usize::try_from(scale).ok().filter(|_| scale <= MAX_SCALE).ok_or_else(|| {
        Error::invalid(format!("scale is out of range: {scale}"), format!("Use a scale from 0 to {MAX_SCALE}."))
    })?;
    if weights.len() > MAX_PARTS {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("too many weights: {}", weights.len()),
            format!("Split among at most {MAX_PARTS} parts."),
        ));
    }
    let units = parse_units(amount, decimals)?;
    memory::collect(split_units(&units, weights)?.iter().map(|part| units_text(part, decimals)))
}

/// Splits a whole number of units in proportion to `weights`, as [`split_amount`] does, among any number of parts. Errors
/// of the weights are the same.
pub fn split_units(units: &BigInt, weights: &[f64]) -> Result<Vec<BigInt>> {
    let weights = Weights::new(weights)?;
    let amount = units.magnitude();
    let sign = if units.sign() == Sign::Minus { Sign::Minus } else { Sign::Plus };
    let signed = |part: BigUint| BigInt::from_biguint(sign, part);
    // Both branches run the same code on exact whole numbers: the first, on machine integers, about five times as fast.
    if let Some(amount) = amount.to_u128().filter(|_| amount.bits() + weights.sum_bits() <= 128) {
        let parts = largest_remainder(&amount, &weights.scaled::<u128>()?)?;
        return memory::collect(parts.into_iter().map(|part| signed(part.into())));
    }
    // The digits of a scaled weight, a part and a remainder; those of the products come and go.
    let digits = 3 * (amount.bits() + weights.sum_bits()) / 8 + 24;
    let _held = Reservation::of(weights.parts.len().saturating_mul(digits as usize))?;
    let parts = largest_remainder(amount, &weights.scaled::<BigUint>()?)?;
    memory::collect(parts.into_iter().map(signed))
}

/// Weights as whole numbers: `mantissa * 2^(exponent - low)`.
struct Weights {
    parts: HeldVec<(u64, u64)>,
    low: u64,
    high: u64,
}

impl Weights {
    fn new(weights: &[f64]) -> Result<Self> {
        if let Some((index, weight)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < 0.0) {
            return Err(Error::invalid(
                format!("weight {} must be a finite number, zero or above, not {weight}", index + 1),
                "Give every part a finite weight of zero or above.",
            ));
        }
        let parts = HeldVec::collect(weights.iter().map(|weight| exact(*weight)))?;
        let positive = || parts.iter().filter(|(mantissa, _)| *mantissa != 0);
        let low = positive().map(|(_, exponent)| *exponent).min();
        let high = positive().map(|(mantissa, exponent)| exponent + bits_of(*mantissa)).max();
        match (low, high) {
            (Some(low), Some(high)) => Ok(Self { parts, low, high }),
            _ => Err(Error::invalid(
                format!("no weight is positive among {}", parts.len()),
                "Give at least one part a weight above zero.",
            )),
        }
    }

    /// An upper bound of the bits of the sum of the scaled weights.
    fn sum_bits(&self) -> u64 {
        self.high - self.low + bits_of(self.parts.len() as u64)
    }

    fn scaled<T: From<u64> + Shl<u64, Output = T>>(&self) -> Result<HeldVec<T>> {
        let scale = |(mantissa, exponent): &(u64, u64)| T::from(*mantissa) << exponent.saturating_sub(self.low);
        HeldVec::collect(self.parts.iter().map(scale))
    }
}

/// Whole numbers `m`, `e` with `weight = m * 2^(e - 1074)`, for a finite weight of zero or above; `m` is odd or zero.
fn exact(weight: f64) -> (u64, u64) {
    let bits = weight.abs().to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
    match mantissa {
        0 => (0, 0),
        _ => (mantissa >> mantissa.trailing_zeros(), exponent + u64::from(mantissa.trailing_zeros())),
    }
}

fn bits_of(number: u64) -> u64 {
    u64::from(u64::BITS - number.leading_zeros())
}

/// The shares of `amount` for `weights` with a positive sum.
fn largest_remainder<T: Integer + Clone + ToPrimitive>(amount: &T, weights: &[T]) -> Result<Vec<T>> {
    let sum = weights.iter().fold(T::zero(), |sum, weight| sum + weight.clone());
    let mut parts = memory::with_room(weights.len())?;
    let mut remainders = HeldVec::with_room(weights.len())?;
    let (mut left, mut throttle) = (amount.clone(), interrupt::Throttle::default());
    for (index, weight) in weights.iter().enumerate() {
        throttle.step();
        let (part, remainder) = (amount.clone() * weight.clone()).div_rem(&sum);
        left = left - part.clone();
        parts.push(part);
        remainders.push((Reverse(remainder), index))?;
    }
    // The remainders sum to `left` times the sum of the weights, and each is below that sum: more than `left` are not
    // zero.
    sort::ascending(&mut remainders);
    for (_, index) in remainders.iter().take(left.to_usize().unwrap_or(0)) {
        if let Some(part) = parts.get_mut(*index) {
            part.inc();
        }
    }
    Ok(parts)
}

/// The amount in units of `10^-decimals`.
pub(crate) fn parse_units(amount: &str, decimals: usize) -> Result<BigInt> {
    let text = amount.trim_ascii();
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if ["nan", "inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return Err(Error::invalid(format!("amount is not finite: {text}"), "Split a finite amount."));
    }
    if unsigned.len() > MAX_DIGITS {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("amount has {} digits", unsigned.len()),
            format!("Split an amount of at most {MAX_DIGITS} digits."),
        ));
    }
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(Error::new(
            ErrorKind::MalformedText,
            format!("amount is not a decimal number: {text:?}"),
            "Write it as digits with an optional sign and decimal point, for example 12.50.",
        ));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return Err(Error::invalid(
            format!("amount {text} is finer than scale {decimals}"),
            format!("Use scale {} or round the amount first.", fraction.len()),
        ));
    }
    let digits = format!("{whole}{fraction:0<decimals$}");
    let units = BigUint::parse_bytes(digits.as_bytes(), 10).unwrap_or_default();
    Ok(BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, units))
}

/// Units of `10^-decimals` as decimal text.
pub(crate) fn units_text(units: &BigInt, decimals: usize) -> String {
    let sign = if units.sign() == Sign::Minus { "-" } else { "" };
    let digits = format!("{:0>width$}", units.magnitude().to_string(), width = decimals + 1);
    match digits.split_at_checked(digits.len() - decimals) {
        Some((whole, fraction)) if decimals > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}
