//! Largest remainder, against shares computed from the weights' exact decimal expansions.

use mrcall_engine::ErrorKind;
use mrcall_engine::split_amount::{MAX_DIGITS, MAX_PARTS, split_amount, split_units};
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;

/// Every finite double has at most 1074 decimals, so this text is exact.
fn exact(weight: f64) -> BigInt {
    format!("{:.1074}", weight.abs()).replace('.', "").parse().unwrap()
}

/// The definition, word by word: rounded down, then one unit each to the largest remainders, the earliest first.
fn by_definition(amount: &BigInt, weights: &[f64]) -> Vec<BigInt> {
    let weights: Vec<BigInt> = weights.iter().map(|w| exact(*w)).collect();
    let sum: BigInt = weights.iter().sum();
    let mut parts: Vec<BigInt> = weights.iter().map(|w| amount.abs() * w / &sum).collect();
    let mut remainders: Vec<BigInt> = weights.iter().map(|w| amount.abs() * w % &sum).collect();
    while parts.iter().sum::<BigInt>() < amount.abs() {
        let largest = remainders.iter().max().unwrap().clone();
        let winner = remainders.iter().position(|r| *r == largest).unwrap();
        parts[winner] += 1;
        remainders[winner] = BigInt::from(-1);
    }
    parts.into_iter().map(|part| if amount.is_negative() { -part } else { part }).collect()
}

fn split(amount: &str, weights: &[f64], scale: i32) -> Vec<String> {
    split_amount(amount, weights, scale).unwrap()
}

#[test]
fn examples() {
    assert_eq!(split("1", &[1.0, 1.0, 1.0], 6), ["0.333334", "0.333333", "0.333333"]);
    assert_eq!(split("100.00", &[0.4, 0.2, 0.4], 2), ["40.00", "20.00", "40.00"]);
    assert_eq!(split("-0.05", &[1.0, 1.0], 2), ["-0.03", "-0.02"]);
    assert_eq!(split("-0.01", &[1.0, 1.0], 2), ["-0.01", "0.00"]);
    assert_eq!(split("0", &[3.0, 0.0, 5.0], 0), ["0", "0", "0"]);
    assert_eq!(split("-0.00", &[1.0], 2), ["0.00"]);
    assert_eq!(split("7", &[0.0, -0.0, 2.5], 0), ["0", "0", "7"]);
    assert_eq!(split(" +1.500 ", &[1.0], 1), ["1.5"]);
    assert_eq!(split(".5", &[1.0], 3), ["0.500"]);
    assert_eq!(split("12.", &[1.0], 0), ["12"]);
    assert_eq!(split("3", &[f64::MAX, f64::MAX, 5e-324], 0), ["2", "1", "0"]);
    assert_eq!(split("1", &[1.0], 38), [format!("1.{}", "0".repeat(38))]);
    assert_eq!(split("3", &[f64::MIN_POSITIVE / 2.0, f64::MIN_POSITIVE], 0), ["1", "2"]);
    // 0.1 + 0.2 as doubles is above 0.3 as a double: the exact values decide, no tolerance.
    assert_eq!(split("1", &[0.1 + 0.2, 0.3], 0), ["1", "0"]);
    assert_eq!(split("1", &[0.3, 0.1 + 0.2], 0), ["0", "1"]);
}

#[test]
fn errors() {
    let kind = |amount: &str, weights: &[f64], scale| split_amount(amount, weights, scale).unwrap_err().kind;
    for amount in ["NaN", "nan", "Infinity", "-Infinity", "inf", "0.001", "-1.005"] {
        assert_eq!(kind(amount, &[1.0], 2), ErrorKind::InvalidArgument, "{amount}");
    }
    for amount in ["", "-", ".", "1e3", "1,5", "0x10", "--1", "1.2.3", "٣", "1 2"] {
        assert_eq!(kind(amount, &[1.0], 2), ErrorKind::MalformedText, "{amount}");
    }
    for weights in [&[][..], &[0.0], &[-0.0, 0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY, 1.0]] {
        assert_eq!(kind("1", weights, 2), ErrorKind::InvalidArgument, "{weights:?}");
    }
    for scale in [-1, 39, i32::MIN, i32::MAX] {
        assert_eq!(kind("1", &[1.0], scale), ErrorKind::InvalidArgument);
    }
    assert_eq!(kind(&"9".repeat(MAX_DIGITS + 1), &[1.0], 2), ErrorKind::LimitExceeded);
    assert_eq!(kind("1", &vec![1.0; MAX_PARTS + 1], 2), ErrorKind::LimitExceeded);
    let error = split_amount("12.345", &[1.0], 2).unwrap_err();
    assert_eq!(error.message, "amount 12.345 is finer than scale 2");
    assert_eq!(error.hint, "Use scale 3 or round the amount first.");
}

#[test]
fn the_largest_of_everything() {
    let amount = "9".repeat(MAX_DIGITS);
    let weights: Vec<f64> = (0..200).map(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN_POSITIVE }).collect();
    let parts = split(&amount, &weights, 38);
    let sum: BigInt = parts.iter().map(|part| part.replace('.', "").parse::<BigInt>().unwrap()).sum();
    assert_eq!(sum.to_string(), format!("{amount}{}", "0".repeat(38)));
}

fn any_weights() -> impl Strategy<Value = Vec<f64>> {
    let weight = prop_oneof![
        4 => 0.0..1.0f64,
        2 => (0..4u32).prop_map(f64::from),
        2 => (0..60i32).prop_map(|e| 0.5f64.powi(e)),
        1 => any::<f64>().prop_map(|w| if w.is_finite() { w.abs() } else { 0.0 }),
        1 => (1..9u64).prop_map(f64::from_bits),
    ];
    proptest::collection::vec(weight, 1..12).prop_filter("a positive sum", |w| w.iter().any(|w| *w > 0.0))
}

fn any_units() -> impl Strategy<Value = BigInt> {
    prop_oneof![
        (-100..100i64).prop_map(BigInt::from),
        any::<i64>().prop_map(BigInt::from),
        any::<i128>().prop_map(BigInt::from),
        ((0..400u32), any::<u64>()).prop_map(|(shift, n)| (BigInt::one() << shift) * n),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn splits_by_definition(amount in any_units(), weights in any_weights()) {
        let parts = split_units(&amount, &weights).unwrap();
        prop_assert_eq!(&parts, &by_definition(&amount, &weights));
        prop_assert_eq!(parts.iter().sum::<BigInt>(), amount.clone());
        let sum: BigInt = weights.iter().map(|w| exact(*w)).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!((part * &sum - &amount * exact(*weight)).abs() < sum);
            prop_assert!(*weight > 0.0 || part.is_zero());
        }
        let negative: Vec<BigInt> = split_units(&-amount, &weights).unwrap().into_iter().map(|part| -part).collect();
        prop_assert_eq!(negative, parts);
    }

    /// The width of the whole numbers must not show: multiples of the sum go to every part in proportion.
    #[test]
    fn machine_and_big_integers_agree(amount in any::<u32>(), weights in proptest::collection::vec(1..1_000u32, 1..9)) {
        let sum: BigInt = weights.iter().map(|w| BigInt::from(*w)).sum();
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        let small = split_units(&amount.into(), &weights).unwrap();
        let more = sum << 200;
        let big = split_units(&(&more + amount), &weights).unwrap();
        for ((small, big), weight) in small.iter().zip(&big).zip(&weights) {
            prop_assert_eq!(big - small, (BigInt::one() << 200) * *weight as u32);
        }
    }

    /// Products and sums of about 128 bits, where machine integers end.
    #[test]
    fn the_end_of_machine_integers(
        bits in 120..135i32,
        amount_bits in prop_oneof![0..3i32, 0..60i32],
        count in 1..9usize,
        less in 0..3u8,
    ) {
        let heavy = ((1u64 << 53) - 1) as f64 * 2f64.powi(bits - amount_bits - 53);
        let mut weights = vec![heavy; count];
        weights.push(1.0);
        let amount = (BigInt::one() << amount_bits) - less;
        prop_assert_eq!(split_units(&amount, &weights).unwrap(), by_definition(&amount, &weights));
    }

    #[test]
    fn equal_weights_differ_by_one_unit(amount in any::<u64>(), weight in 1e-300..1e300f64, count in 1..50usize) {
        let parts = split_units(&amount.into(), &vec![weight; count]).unwrap();
        prop_assert!(parts.is_sorted_by(|a, b| a >= b));
        prop_assert!(&parts[0] - &parts[count - 1] <= BigInt::one());
    }

    #[test]
    fn text_is_units(units in any::<i64>(), scale in 0..=38i32, weights in any_weights()) {
        let unsigned = format!("{:0>width$}", units.unsigned_abs(), width = scale as usize + 1);
        let (whole, fraction) = unsigned.split_at(unsigned.len() - scale as usize);
        let text = format!("{}{whole}.{fraction}", if units < 0 { "-" } else { "" });
        let parts = split_units(&units.into(), &weights).unwrap();
        let texts = split_amount(&text, &weights, scale).unwrap();
        for (part, text) in parts.iter().zip(&texts) {
            prop_assert_eq!(&text.replace('.', "").parse::<BigInt>().unwrap(), part);
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, fraction)| fraction.len()), scale as usize);
            prop_assert!(!part.is_zero() || !text.starts_with('-'));
        }
        prop_assert_eq!(texts.len(), weights.len());
    }

    #[test]
    fn any_text_is_parts_or_an_error(text in "[-+]?[0-9.eENaInfinity ]{0,12}|\\PC{0,20}", scale in any::<i32>()) {
        if let Ok(parts) = split_amount(&text, &[1.0, 2.0], scale) {
            prop_assert_eq!(parts.len(), 2);
        }
    }
}
