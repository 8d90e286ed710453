//! The models of one journey: worked examples, and the promises that hold for any journey.

use mrcall_engine::credit::{Model, Options, Touch, credit};
use mrcall_engine::duration::{DAY, HOUR};
use mrcall_engine::{ErrorKind, Result};
use proptest::prelude::*;

const CONVERSION: i64 = 100 * DAY;

fn is_paid(channel: &str) -> bool {
    channel.starts_with("Paid")
}

/// Touches one day apart, the last at the conversion.
fn journey<'a>(channels: &[&'a str]) -> Vec<Touch<'a>> {
    let first = CONVERSION - (channels.len() as i64 - 1) * DAY;
    (0..).zip(channels).map(|(day, channel)| Touch { at: first + day * DAY, channel }).collect()
}

fn run(touches: &[Touch], model: &str, options: &Options) -> Result<Vec<(usize, f64)>> {
    credit(touches, CONVERSION, Model::parse(model)?, options, is_paid)
}

fn weights(channels: &[&str], model: &str) -> Vec<f64> {
    run(&journey(channels), model, &Options::default()).unwrap().into_iter().map(|(_, weight)| weight).collect()
}

fn assert_weights(channels: &[&str], model: &str, expected: &[f64]) {
    let found = weights(channels, model);
    assert_eq!(found.len(), expected.len(), "{model}: {found:?}");
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{model}: {found:?}, not {expected:?}");
}

#[test]
fn one_touch_models() {
    let mixed = ["Email", "Paid Search", "Referral", "Direct", "Direct"];
    assert_weights(&mixed, "first_touch", &[1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_weights(&mixed, "last_touch", &[0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_weights(&mixed, "last_non_direct", &[0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_weights(&mixed, "last_paid", &[0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_weights(&["Email", "Direct"], "last_paid", &[1.0, 0.0]);
    assert_weights(&["Direct", "Direct"], "last_non_direct", &[0.0, 1.0]);
    assert_weights(&["Direct", "Direct"], "last_paid", &[0.0, 1.0]);
    // Channels compare by bytes.
    assert_weights(&["direct", "Direct"], "last_non_direct", &[1.0, 0.0]);
}

#[test]
fn shared_models() {
    let four = ["a", "b", "c", "d"];
    assert_weights(&four, "linear", &[0.25; 4]);
    for model in ["position_based", "u_shaped"] {
        assert_weights(&four, model, &[0.4, 0.1, 0.1, 0.4]);
        assert_weights(&four[..3], model, &[0.4, 0.2, 0.4]);
        assert_weights(&four[..2], model, &[0.5, 0.5]);
    }
    assert_weights(&four, "j_shaped", &[0.2, 0.1, 0.1, 0.6]);
    assert_weights(&four[..2], "j_shaped", &[0.25, 0.75]);
    assert_weights(&four, "inverse_j", &[0.6, 0.1, 0.1, 0.2]);
    assert_weights(&four[..2], "inverse_j", &[0.75, 0.25]);
    for (name, _) in Model::ALL {
        assert_weights(&["Direct"], name, &[1.0]);
        assert_weights(&[], name, &[]);
    }
}

#[test]
fn position_weights_are_arguments() {
    let found = |first_weight, last_weight, count: usize| {
        let options = Options { first_weight, last_weight, ..Options::default() };
        let found = run(&journey(&["a", "b", "c", "d"][..count]), "position_based", &options).unwrap();
        found.into_iter().map(|(_, weight)| weight).collect::<Vec<_>>()
    };
    assert_eq!(found(0.0, 0.0, 4), [0.0, 0.5, 0.5, 0.0]);
    assert_eq!(found(0.0, 0.0, 2), [0.5, 0.5]);
    assert_eq!(found(0.0, 0.3, 2), [0.0, 1.0]);
    assert_eq!(found(0.75, 0.25, 4), [0.75, 0.0, 0.0, 0.25]);
    assert_eq!(found(0.1, 0.3, 2), [0.1 / 0.4, 0.3 / 0.4]);
    // J-shaped models have fixed weights.
    let options = Options { first_weight: 0.0, last_weight: 0.0, ..Options::default() };
    let j_shaped = run(&journey(&["a", "b", "c"]), "j_shaped", &options).unwrap();
    assert!((j_shaped[2].1 - 0.6).abs() < 1e-12);
}

#[test]
fn time_decay_halves() {
    let touches = [("a", 15), ("b", 8), ("c", 1)].map(|(channel, days)| Touch { at: CONVERSION - days * DAY, channel });
    let found = run(&touches, "time_decay", &Options::default()).unwrap();
    for ((_, weight), expected) in found.iter().zip([1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]) {
        assert!((weight - expected).abs() < 1e-15, "{found:?}");
    }
    // Relative to the youngest touch, a half-life of a microsecond leaves it all, however long ago it was.
    let sharp = Options { half_life: 1, ..Options::default() };
    let found = run(&touches, "time_decay", &sharp).unwrap();
    assert_eq!(found, [(0, 0.0), (1, 0.0), (2, 1.0)]);
}

#[test]
fn the_window_is_closed_on_both_sides() {
    let lookback = 30 * DAY;
    let at = [CONVERSION - lookback - 1, CONVERSION - lookback, CONVERSION, CONVERSION + 1];
    let touches = at.map(|at| Touch { at, channel: "Email" });
    assert_eq!(run(&touches, "linear", &Options::default()), Ok(vec![(1, 0.5), (2, 0.5)]));
    let none = Options { lookback: 0, ..Options::default() };
    assert_eq!(run(&touches, "linear", &none), Ok(vec![(2, 1.0)]));
    // The window's start saturates.
    let all = Options { lookback: i64::MAX, ..Options::default() };
    let early = [Touch { at: i64::MIN + 1, channel: "a" }, Touch { at: 1 - CONVERSION, channel: "b" }];
    assert_eq!(credit(&early, -CONVERSION, Model::Linear, &all, is_paid), Ok(vec![(0, 1.0)]));
    let far = [Touch { at: i64::MIN + 1, channel: "a" }, Touch { at: i64::MAX - 1, channel: "b" }];
    let all_time = credit(&far, i64::MAX - 1, Model::TimeDecay, &all, is_paid);
    assert_eq!(all_time, Ok(vec![(1, 1.0)]));
}

#[test]
fn ties_are_ordered_by_channel_bytes_and_input() {
    let touch = |channel| Touch { at: CONVERSION, channel };
    let touches = [touch("b"), touch("é"), touch("a"), touch("b"), touch("Z")];
    let order: Vec<usize> =
        run(&touches, "linear", &Options::default()).unwrap().into_iter().map(|(index, _)| index).collect();
    assert_eq!(order, [4, 2, 0, 3, 1]);
}

#[test]
fn bad_arguments() {
    let good = Options::default();
    let touches = journey(&["a", "b"]);
    for options in [
        Options { lookback: -1, ..good },
        Options { half_life: 0, ..good },
        Options { half_life: -HOUR, ..good },
        Options { first_weight: -0.1, ..good },
        Options { first_weight: f64::NAN, ..good },
        Options { last_weight: f64::INFINITY, ..good },
        Options { first_weight: 0.7, last_weight: 0.4, ..good },
    ] {
        // Also for a model that does not use the option, and without touches.
        for touches in [&touches[..], &[]] {
            let error = run(touches, "linear", &options).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
            assert!(!error.hint.is_empty());
        }
    }
    for infinite in [i64::MIN, i64::MAX] {
        let touch = [Touch { at: infinite, channel: "a" }];
        for result in [
            credit(&touch, CONVERSION, Model::Linear, &good, is_paid),
            credit(&touches, infinite, Model::Linear, &good, is_paid),
        ] {
            assert_eq!(result.unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
        }
    }
}

#[test]
fn names() {
    for (name, model) in Model::ALL {
        assert_eq!(Model::parse(name), Ok(model));
        assert_eq!(model.name(), name);
    }
    for (name, words) in [
        ("markov", "first_touch"),
        ("shapley", "first_touch"),
        ("w_shaped", "first_touch"),
        ("participation", "first_touch, last_touch"),
        ("Linear", "position_based, u_shaped"),
        ("", "time_decay"),
    ] {
        let error = Model::parse(name).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert!(error.hint.contains(words), "{}", error.hint);
        assert!(error.message.contains(name), "{}", error.message);
    }
}

proptest! {
    #[test]
    fn weights_sum_to_one_and_ignore_the_order_of_input(
        input in proptest::collection::vec((-40 * DAY..2 * DAY, 0..5usize), 0..40),
        shift in 0..40usize,
        first_weight in 0.0..0.5f64,
        last_weight in 0.0..0.5f64,
        half_life in 1..400 * DAY,
    ) {
        let channels = ["Direct", "Paid Search", "Email", "Referral", "Paid Social"];
        let touches: Vec<Touch> =
            input.iter().map(|(age, channel)| Touch { at: CONVERSION + age, channel: channels[*channel] }).collect();
        let mut rotated = touches.clone();
        rotated.rotate_left(shift % touches.len().max(1));
        let options = Options { first_weight, last_weight, half_life, ..Options::default() };
        for (_, model) in Model::ALL {
            let found = credit(&touches, CONVERSION, model, &options, is_paid).unwrap();
            let counted = touches.iter().filter(|touch| (-30 * DAY..=0).contains(&(touch.at - CONVERSION))).count();
            prop_assert_eq!(found.len(), counted);
            let sum: f64 = found.iter().map(|(_, weight)| weight).sum();
            prop_assert!(counted == 0 || (sum - 1.0).abs() < 1e-12, "{:?}: {}", model, sum);
            prop_assert!(found.iter().all(|(_, weight)| (0.0..=1.0).contains(weight)));
            let key = |(index, _): &(usize, f64)| (touches[*index].at, touches[*index].channel.as_bytes());
            prop_assert!(found.is_sorted_by_key(key));
            let other = credit(&rotated, CONVERSION, model, &options, is_paid).unwrap();
            for ((i, a), (j, b)) in found.iter().zip(&other) {
                prop_assert_eq!((touches[*i], a), (rotated[*j], b));
            }
        }
    }
}
