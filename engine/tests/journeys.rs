//! The answer of a journey set: independent of the order of its input, conserving, equal to `credit` of each conversion, and
//! readable only where it was written.

mod size;

use std::collections::BTreeMap;

use mrcall_engine::arrival::is_paid;
use mrcall_engine::attribution_model::Model;
use mrcall_engine::credit::{self, Options};
use mrcall_engine::journeys::{
    AnswerRow, AnswerRows, Conversion, CreditRow, JourneyRow, JourneySet, JourneySettings, JourneyTouch, PathRow,
};
use mrcall_engine::split_amount::split_amount;
use proptest::prelude::*;

const MODELS: [Model; 6] =
    [Model::FirstTouch, Model::LastPaid, Model::Linear, Model::PositionBased, Model::WShaped, Model::TimeDecay];
const CHANNELS: [&str; 4] = ["Direct", "Email", "Paid Search", "Référence"];
const CURRENCIES: [Option<&str>; 3] = [None, Some("EUR"), Some("JPY")];
const LOOKBACK: i64 = 20;

/// A value of the dimension, a currency, the place of a model.
type Cell = (Option<String>, Option<String>, usize);

/// One row of the input.
#[derive(Debug, Clone)]
enum Input {
    Conversion { id: String, customer: Option<String>, at: i64, value: String, currency: Option<&'static str> },
    Link { customer: String, visitor: String },
    Touch { visitor: String, at: i64, channel: &'static str, value: String },
    Converted { customer: String },
    Restart { customer: String, at: i64 },
}

fn settings() -> JourneySettings {
    JourneySettings {
        models: MODELS.to_vec(),
        half_life: 7,
        first_weight: 0.3,
        last_weight: 0.5,
        counts: true,
        paths: true,
        unconverted: Some((10, 40)),
        journeys: true,
        ..JourneySettings::default()
    }
}

fn set_of(rows: &[Input]) -> JourneySet {
    let mut set = JourneySet::new(settings()).unwrap();
    for row in rows {
        match row {
            Input::Conversion { id, customer, at, value, currency } => set.push_conversion(&Conversion {
                id,
                customer: customer.as_deref(),
                begins_at: at - LOOKBACK,
                ends_at: *at,
                value,
                scale: if *currency == Some("JPY") { 0 } else { 2 },
                currency: *currency,
                signed_up_at: Some(at - 5),
                business_at: None,
            }),
            Input::Link { customer, visitor } => set.push_link(customer, visitor),
            Input::Touch { visitor, at, channel, value } => {
                set.push_touch(&JourneyTouch { visitor, at: *at, channel, value })
            }
            Input::Converted { customer } => set.push_converted(customer),
            Input::Restart { customer, at } => set.push_restart(customer, *at),
        }
        .unwrap();
    }
    set
}

fn rows_of<T: AnswerRow>(answer: &[u8]) -> Vec<T> {
    let mut table = AnswerRows::<T>::new(answer).unwrap();
    std::iter::from_fn(|| table.next_row().unwrap()).collect()
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let name = |letter: char| (0..6u8).prop_map(move |n| format!("{letter}{n}"));
    let conversion = (any::<u32>(), prop::option::weighted(0.8, name('c')), 0..50i64, 0..100_000i64, 0..3usize)
        .prop_map(|(id, customer, at, units, currency)| Input::Conversion {
            id: format!("id{id}"),
            customer,
            at,
            value: if currency == 2 { units.to_string() } else { format!("-{}.{:02}", units / 100, units % 100) },
            currency: CURRENCIES[currency],
        });
    let link = (name('c'), name('v')).prop_map(|(customer, visitor)| Input::Link { customer, visitor });
    let touch = (name('v'), 0..50i64, 0..4usize, name('d')).prop_map(|(visitor, at, channel, value)| Input::Touch {
        visitor,
        at,
        channel: CHANNELS[channel],
        value,
    });
    let converted = name('c').prop_map(|customer| Input::Converted { customer });
    let restart = (name('c'), 0..50i64).prop_map(|(customer, at)| Input::Restart { customer, at });
    prop::collection::vec(prop_oneof![4 => conversion, 4 => link, 8 => touch, 1 => converted, 1 => restart], 0..80)
}

/// The journey of a conversion by the definition: time, channel, value and visitor of its touches.
fn journey(rows: &[Input], customer: Option<&str>, at: i64) -> Vec<(i64, String, String, String)> {
    let restarted = rows.iter().filter_map(|row| match row {
        Input::Restart { customer: c, at: r } if Some(c.as_str()) == customer && *r < at => Some(*r),
        _ => None,
    });
    let from = restarted.max().map_or(at - LOOKBACK, |r| (r + 1).max(at - LOOKBACK));
    let is_linked = |wanted: &str| {
        rows.iter().any(
            |row| matches!(row, Input::Link { customer: c, visitor } if Some(c.as_str()) == customer && visitor == wanted),
        )
    };
    let mut touches: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            Input::Touch { visitor, at: t, channel, value } if (from..=at).contains(t) && is_linked(visitor) => {
                Some((*t, channel.to_string(), value.clone(), visitor.clone()))
            }
            _ => None,
        })
        .collect();
    touches.sort();
    touches
}

fn decimal(text: &str) -> i128 {
    // Two decimals at most for values, six for conversions: both as millionths.
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * (whole.parse::<i128>().unwrap() * 1_000_000 + format!("{fraction:0<6}").parse::<i128>().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(300)))]

    #[test]
    fn the_order_of_rows_changes_no_credit_and_no_path(rows in inputs(), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (a, b) = (set_of(&rows).answer().unwrap(), set_of(&shuffled).answer().unwrap());
        prop_assert_eq!(rows_of::<CreditRow>(&a), rows_of::<CreditRow>(&b));
        prop_assert_eq!(rows_of::<PathRow>(&a), rows_of::<PathRow>(&b));
        prop_assert_eq!(&set_of(&rows).answer().unwrap(), &a);
    }

    #[test]
    fn the_credit_is_that_of_each_conversion(rows in inputs()) {
        let answer = set_of(&rows).answer().unwrap();
        let mut wanted: BTreeMap<Cell, (i128, i128)> = BTreeMap::new();
        let mut total: BTreeMap<Option<String>, (i128, i128)> = BTreeMap::new();
        // Of each conversion the browsers and channels of its touches, and their weights under the first model.
        let mut weighed: Vec<([Vec<String>; 2], Vec<f64>)> = Vec::new();
        for row in &rows {
            let Input::Conversion { customer, at, value, currency, .. } = row else { continue };
            let currency_name = currency.map(str::to_owned);
            let sum = total.entry(currency_name.clone()).or_default();
            *sum = (sum.0 + 1_000_000, sum.1 + decimal(value));
            let touches = journey(&rows, customer.as_deref(), *at);
            let texts = |text: fn(&(i64, String, String, String)) -> &String| touches.iter().map(text).cloned().collect();
            weighed.push(([texts(|touch| &touch.3), texts(|touch| &touch.1)], Vec::new()));
            for (m, model) in MODELS.iter().enumerate() {
                if touches.is_empty() {
                    let sum = wanted.entry((None, currency_name.clone(), m)).or_default();
                    *sum = (sum.0 + 1_000_000, sum.1 + decimal(value));
                    continue;
                }
                let given: Vec<credit::Touch> =
                    touches.iter().map(|(at, channel, ..)| credit::Touch { at: *at, channel }).collect();
                let options = Options { lookback: LOOKBACK, half_life: 7, first_weight: 0.3, last_weight: 0.5,
                                        signup_at: Some(at - 5), ..Options::default() };
                let weights: Vec<f64> =
                    credit::touch_weights(&given, *at, *model, &options, is_paid).unwrap().into_iter().map(|(_, w)| w).collect();
                if m == 0 {
                    weighed.last_mut().unwrap().1.clone_from(&weights);
                }
                let scale = if *currency == Some("JPY") { 0 } else { 2 };
                let counts = split_amount("1", &weights, 6).unwrap();
                let values = split_amount(value, &weights, scale).unwrap();
                for ((touch, count), part) in touches.iter().zip(counts).zip(values) {
                    let sum = wanted.entry((Some(touch.2.clone()), currency_name.clone(), m)).or_default();
                    *sum = (sum.0 + decimal(&count), sum.1 + decimal(&part));
                }
            }
        }
        let mut given: BTreeMap<Option<String>, Vec<(i128, i128)>> = BTreeMap::new();
        for row in rows_of::<CreditRow>(&answer) {
            let sums = given.entry(row.currency.clone()).or_insert_with(|| vec![(0, 0); MODELS.len()]);
            for (m, amount) in row.credits.iter().enumerate() {
                let found = (decimal(&amount.conversions), decimal(&amount.value));
                let key = (row.value.clone(), row.currency.clone(), m);
                prop_assert_eq!(found, wanted.get(&key).copied().unwrap_or_default(), "{:?}", key);
                sums[m] = (sums[m].0 + found.0, sums[m].1 + found.1);
            }
        }
        for (currency, sums) in given {
            prop_assert!(sums.iter().all(|sum| *sum == total.get(&currency).copied().unwrap_or_default()));
        }
        let journeys = rows_of::<JourneyRow>(&answer);
        let conversions = rows.iter().filter(|row| matches!(row, Input::Conversion { .. })).count();
        prop_assert_eq!(journeys.len(), conversions);
        for (row, ([visitors, channels], weights)) in journeys.iter().zip(weighed) {
            prop_assert_eq!((&row.visitors, &row.channels, &row.weights), (&visitors, &channels, &weights));
        }
        let paths = rows_of::<PathRow>(&answer);
        prop_assert_eq!(paths.iter().map(|path| path.conversions).sum::<u64>(), conversions as u64);
    }

    #[test]
    fn damaged_answers_are_refused_or_read_but_never_crash(rows in inputs(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut answer = set_of(&rows).answer().unwrap();
        let i = at.index(answer.len());
        answer[i] = byte;
        fn read<T: AnswerRow>(bytes: &[u8]) {
            if let Ok(mut table) = AnswerRows::<T>::new(bytes) {
                while let Ok(Some(_)) = table.next_row() {}
            }
        }
        read::<CreditRow>(&answer);
        read::<PathRow>(&answer);
        read::<JourneyRow>(&answer[..i]);
    }
}

#[test]
fn a_conversion_needs_a_finite_end_and_a_number() {
    let conversion = |ends_at, value, scale| Conversion {
        id: "x",
        customer: None,
        begins_at: 0,
        ends_at,
        value,
        scale,
        currency: None,
        signed_up_at: None,
        business_at: None,
    };
    let code = |bad: Conversion<'_>| {
        format!("{:?}", JourneySet::new(settings()).unwrap().push_conversion(&bad).unwrap_err().kind)
    };
    assert_eq!(code(conversion(i64::MAX, "1", 2)), "DatetimeOutOfRange");
    assert_eq!(code(conversion(0, "NaN", 2)), "InvalidArgument");
    assert_eq!(code(conversion(0, "1.234", 2)), "InvalidArgument");
    assert_eq!(code(conversion(0, "1", 39)), "InvalidArgument");
    assert!(JourneySet::new(JourneySettings { half_life: 0, ..settings() }).is_err());
}
