//! Funnels, retention and sequences against the answers of ClickHouse. `data/behaviour.tsv` is written by
//! `pg_test/oracles/behaviour_chdb.py`; set `MRCALL_BEHAVIOUR_VECTORS` to a larger file of it to check that as well.

use std::sync::Arc;

use mrcall_engine::behaviour::{FunnelState, Modes, Pattern, RetentionState, SequenceState};

const SECOND: i64 = 1_000_000;

struct Vector<'a> {
    what: &'a str,
    argument: &'a str,
    within: i64,
    conditions: usize,
    events: Vec<(i64, u32)>,
    answer: &'a str,
}

fn vector(line: &str) -> Vector<'_> {
    let fields: Vec<_> = line.split('\t').collect();
    let [what, argument, within, conditions, events, answer] = fields[..] else { panic!("{line}") };
    let event = |text: &str| {
        let (ts, mask) = text.split_once(':').unwrap();
        (ts.parse::<i64>().unwrap() * SECOND, mask.parse().unwrap())
    };
    Vector {
        what,
        argument,
        within: within.parse::<i64>().unwrap() * SECOND,
        conditions: conditions.parse().unwrap(),
        events: events.split(' ').map(event).collect(),
        answer,
    }
}

/// The answer here. The rows come in two parts, to go through merge and bytes too.
fn answer(v: &Vector) -> String {
    let (left, right) = v.events.split_at(v.events.len() / 2);
    match v.what {
        "funnel" => {
            let modes = Modes::parse(v.argument.split(',').filter(|mode| !mode.is_empty())).unwrap();
            let part = |events: &[(i64, u32)]| {
                let mut state = FunnelState::new(v.within, modes, v.conditions).unwrap();
                events.iter().for_each(|(ts, mask)| state.push(*ts, *mask).unwrap());
                state
            };
            let mut state = part(left);
            state.merge(&FunnelState::deserialize(&part(right).serialize().unwrap()).unwrap()).unwrap();
            assert_eq!(state.times().unwrap().len() as i32, state.depth().unwrap());
            state.depth().unwrap().to_string()
        }
        "match" | "count" | "events" => {
            let pattern = Arc::new(Pattern::parse(v.argument, v.conditions).unwrap());
            let part = |events: &[(i64, u32)]| {
                let mut state = SequenceState::new(Arc::clone(&pattern));
                events.iter().for_each(|(ts, mask)| state.push(*ts, *mask).unwrap());
                state
            };
            let mut state = part(left);
            state.merge(&SequenceState::deserialize(&part(right).serialize().unwrap()).unwrap()).unwrap();
            match v.what {
                "match" => u8::from(state.matches().unwrap()).to_string(),
                "count" => state.count().unwrap().to_string(),
                _ => {
                    let at: Vec<_> = state.first_match().unwrap().iter().map(|at| (at / SECOND).to_string()).collect();
                    at.join(" ")
                }
            }
        }
        "retention" => {
            let part = |events: &[(i64, u32)]| {
                let mut state = RetentionState::new(v.conditions).unwrap();
                events.iter().for_each(|(_, mask)| state.push(*mask));
                state
            };
            let mut state = part(left);
            state.merge(&RetentionState::deserialize(&part(right).serialize().unwrap()).unwrap()).unwrap();
            state.retention().iter().map(|met| if *met { '1' } else { '0' }).collect()
        }
        other => panic!("{other}"),
    }
}

/// How many vectors there were; all that differ, with the seed that the file's first line holds.
fn check(text: &str) -> usize {
    let (head, lines) = text.split_once('\n').unwrap();
    println!("{head}");
    let wrong: Vec<_> = lines
        .lines()
        .filter_map(|line| {
            let v = vector(line);
            let found = answer(&v);
            (found != v.answer).then(|| format!("{found} here: {line}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{head}\n{} of {} differ:\n{}",
        wrong.len(),
        lines.lines().count(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    lines.lines().count()
}

#[test]
fn golden_vectors() {
    assert!(check(include_str!("data/behaviour.tsv")) > 400);
}

#[test]
fn more_vectors() {
    if let Ok(path) = std::env::var("MRCALL_BEHAVIOUR_VECTORS") {
        println!("{} vectors", check(&std::fs::read_to_string(path).unwrap()));
    }
}
