//! The models of one journey: worked examples, and the promises that hold for any journey.

use mrcall_engine::attribution_model::{About, MODELS, Model, Needs};
use mrcall_engine::credit::{Options, Touch, path_weights, touch_weights};
use mrcall_engine::time::{DAY, HOUR};
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
    touch_weights(touches, CONVERSION, Model::parse(model)?, options, is_paid)
}

fn of_one_journey() -> impl Iterator<Item = &'static About> {
    MODELS.iter().filter(|known| known.needs != Needs::AllJourneys)
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
    for About { name, .. } in of_one_journey() {
        if *name != "custom" {
            assert_weights(&["Direct"], name, &[1.0]);
            assert_weights(&[], name, &[]);
        }
    }
    assert_weights(&four, "participation", &[1.0; 4]);
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
    assert_eq!(touch_weights(&early, -CONVERSION, Model::Linear, &all, is_paid), Ok(vec![(0, 1.0)]));
    let far = [Touch { at: i64::MIN + 1, channel: "a" }, Touch { at: i64::MAX - 1, channel: "b" }];
    let all_time = touch_weights(&far, i64::MAX - 1, Model::TimeDecay, &all, is_paid);
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
            touch_weights(&touch, CONVERSION, Model::Linear, &good, is_paid),
            touch_weights(&touches, infinite, Model::Linear, &good, is_paid),
        ] {
            assert_eq!(result.unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
        }
    }
}

#[test]
fn names() {
    for known in MODELS {
        assert_eq!(Model::parse(known.name), Ok(known.model));
        assert_eq!(known.model.name(), known.name);
        assert_eq!(known.is_additive, known.name != "participation");
    }
    for name in ["Linear", "", "best"] {
        let error = Model::parse(name).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert!(error.hint.contains("first_touch, last_touch") && error.hint.contains("shapley"), "{}", error.hint);
        assert!(error.message.contains(name), "{}", error.message);
    }
    for name in ["data_driven", "markov", "shapley"] {
        let error = run(&[], name, &Options::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert!(error.message.contains(name) && error.hint.contains("path_agg"), "{error}: {}", error.hint);
    }
    let error = run(&[], "custom", &Options::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NullNotAllowed);
}

/// Touches on days 0 to 4, the conversion on day 4; milestones at days.
fn w_shaped(signup: Option<i64>, business: Option<i64>, count: usize) -> Vec<f64> {
    let start = CONVERSION - 4 * DAY;
    let touches: Vec<Touch> = (0..count as i64).map(|day| Touch { at: start + day * DAY, channel: "a" }).collect();
    let at = |day: Option<i64>| day.map(|day| start + day * DAY);
    let options = Options { signup_at: at(signup), business_at: at(business), ..Options::default() };
    run(&touches, "w_shaped", &options).unwrap().into_iter().map(|(_, weight)| weight).collect()
}

#[test]
fn w_shaped_has_three_milestones() {
    let near = |found: Vec<f64>, expected: &[f64]| {
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
            "{found:?}, not {expected:?}"
        );
    };
    near(w_shaped(Some(2), Some(4), 5), &[0.3, 0.05, 0.3, 0.05, 0.3]);
    // At a touch's own time it is the last touch; a moment before it is the one before.
    near(w_shaped(Some(1), Some(3), 5), &[0.3, 0.3, 0.1 / 2.0, 0.3, 0.1 / 2.0]);
    // A missing milestone's share goes to the present ones in proportion.
    near(w_shaped(None, Some(4), 5), &[0.45, 0.1 / 3.0, 0.1 / 3.0, 0.1 / 3.0, 0.45]);
    near(w_shaped(None, None, 5), &[0.9, 0.025, 0.025, 0.025, 0.025]);
    // So does that of a milestone before the first touch.
    near(w_shaped(Some(-1), Some(4), 5), &[0.45, 0.1 / 3.0, 0.1 / 3.0, 0.1 / 3.0, 0.45]);
    // Coinciding ones add; without another touch the milestones share all.
    near(w_shaped(Some(0), Some(0), 5), &[0.9, 0.025, 0.025, 0.025, 0.025]);
    near(w_shaped(Some(4), Some(4), 5), &[0.3, 0.1 / 3.0, 0.1 / 3.0, 0.1 / 3.0, 0.6]);
    near(w_shaped(Some(1), Some(1), 2), &[1.0 / 3.0, 2.0 / 3.0]);
    near(w_shaped(Some(1), None, 2), &[0.5, 0.5]);
    near(w_shaped(Some(9), Some(9), 1), &[1.0]);
    near(w_shaped(Some(9), Some(9), 0), &[]);
    let infinite = Options { signup_at: Some(i64::MAX), ..Options::default() };
    assert_eq!(run(&[], "linear", &infinite).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
}

#[test]
fn own_weights_go_by_position() {
    let found = |weights: &[f64], count: usize| -> Result<Vec<f64>> {
        let options = Options { weights: Some(weights), ..Options::default() };
        let found = run(&journey(&["a", "b", "c", "d"][..count]), "custom", &options)?;
        Ok(found.into_iter().map(|(_, weight)| weight).collect())
    };
    assert_eq!(found(&[2.0, 1.0, 1.0, 4.0], 4), Ok(vec![0.25, 0.125, 0.125, 0.5]));
    // Shorter paths take the first ones, touches beyond take the last.
    assert_eq!(found(&[3.0, 1.0, 9.0], 2), Ok(vec![0.75, 0.25]));
    assert_eq!(found(&[2.0, 1.0], 3), Ok(vec![0.5, 0.25, 0.25]));
    // Those in use may all be zero.
    assert_eq!(found(&[0.0, 1.0], 1), Ok(vec![1.0]));
    assert_eq!(found(&[0.0, 0.0, 1.0], 2), Ok(vec![0.5, 0.5]));
    assert_eq!(found(&[f64::MAX, f64::MAX], 2), Ok(vec![0.5, 0.5]));
    assert_eq!(found(&[1.0], 0), Ok(vec![]));
    for bad in [&[][..], &[0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY]] {
        assert_eq!(found(bad, 1).map_err(|error| error.kind), Err(ErrorKind::InvalidArgument), "{bad:?}");
    }
}

#[test]
fn paths_have_no_times() {
    let options = Options { weights: Some(&[1.0, 3.0]), ..Options::default() };
    for About { model, name, needs, .. } in MODELS {
        let found = path_weights(&["a", "b"], model, &options, is_paid);
        match needs {
            Needs::Order | Needs::Weights => {
                let with_times = touch_weights(&journey(&["a", "b"]), CONVERSION, model, &options, is_paid).unwrap();
                assert_eq!(found, Ok(with_times.into_iter().map(|(_, weight)| weight).collect()), "{name}");
            }
            _ => assert_eq!(found.map_err(|error| error.kind), Err(ErrorKind::InvalidArgument), "{name}"),
        }
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
        let options = Options {
            first_weight,
            last_weight,
            half_life,
            signup_at: Some(CONVERSION - 20 * DAY),
            business_at: Some(CONVERSION - 10 * DAY),
            weights: Some(&[1.0, 0.0, 2.5]),
            ..Options::default()
        };
        for About { model, is_additive, .. } in of_one_journey() {
            let model = *model;
            let found = touch_weights(&touches, CONVERSION, model, &options, is_paid).unwrap();
            let counted = touches.iter().filter(|touch| (-30 * DAY..=0).contains(&(touch.at - CONVERSION))).count();
            prop_assert_eq!(found.len(), counted);
            let sum: f64 = found.iter().map(|(_, weight)| weight).sum();
            let expected = if *is_additive { counted.min(1) } else { counted } as f64;
            prop_assert!((sum - expected).abs() < 1e-12, "{:?}: {}", model, sum);
            prop_assert!(found.iter().all(|(_, weight)| (0.0..=1.0).contains(weight)));
            let key = |(index, _): &(usize, f64)| (touches[*index].at, touches[*index].channel.as_bytes());
            prop_assert!(found.is_sorted_by_key(key));
            let other = touch_weights(&rotated, CONVERSION, model, &options, is_paid).unwrap();
            for ((i, a), (j, b)) in found.iter().zip(&other) {
                prop_assert_eq!((touches[*i], a), (rotated[*j], b));
            }
        }
    }
}
