//! The ladder does what runs do. Conditions between steps are in the cases and the random pairs.

use proptest::prelude::*;

use super::notation::{find, plan};
use crate::patterns::Machine;

fn strategy(pattern: &str) -> &'static str {
    let plan = plan(pattern);
    Machine::new(&plan, &plan.rules[0]).expect("the pattern compiles").strategy()
}

#[test]
fn it_is_chosen_for_sequences_of_single_steps() {
    for pattern in ["a then b skip none", "a then b then c", "within 9 a then b within 3 then no x then c skip next"] {
        assert_eq!(strategy(pattern), "ladder", "{pattern}");
    }
    for pattern in
        ["a then b next c", "a then each b limit 3 then c", "a then b then c then no x", "runs 2 a then b then c"]
    {
        assert_eq!(strategy(pattern), "runs", "{pattern}");
    }
}

/// Nothing, or a number behind a word.
pub(super) fn number(word: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), (1..9).prop_map(move |n| format!("{word} {n}"))]
}

/// Patterns that are ladders.
fn pattern() -> impl Strategy<Value = String> {
    let step = || prop_oneof![3 => Just("a"), 3 => Just("b"), 2 => Just("c")];
    let no = || prop_oneof![3 => Just(""), 1 => Just(" then no x")];
    let more = (no(), step(), number(" within")).prop_map(|(no, step, within)| format!("{no} then {step}{within}"));
    let skip = prop_oneof![3 => Just(" skip none"), 2 => Just(""), 1 => Just(" skip next")];
    let whole = prop_oneof![Just(String::new()), (1..12).prop_map(|n| format!("within {n} "))];
    (whole, step(), proptest::collection::vec(more, 1..4), skip)
        .prop_map(|(whole, first, more, skip)| format!("{whole}match {first}{}{skip}", more.concat()))
}

/// Streams of a, b, c, x, of events that are two of them, and of steps of the watermark.
pub(super) fn stream() -> impl Strategy<Value = String> {
    let event = prop_oneof![5 => Just("a"), 5 => Just("b"), 3 => Just("c"), 1 => Just("x"), 2 => Just("ab"),
        1 => Just("bx"), 1 => Just("abc"), 1 => Just("ax"), 1 => Just("."), 1 => Just("z")];
    proptest::collection::vec((event, 0i64..4), 0..24).prop_map(|events| {
        let mut now = 0;
        let mut line = |(letters, gap): (&str, i64)| {
            now += gap;
            format!("{letters}{now} ")
        };
        events.into_iter().map(&mut line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_finds_what_runs_find(pattern in pattern(), stream in stream()) {
        let by_runs = find(&pattern, &stream, true, false);
        prop_assert_eq!(find(&pattern, &stream, false, false), by_runs.clone(), "{} on {}", pattern, stream);
        prop_assert_eq!(find(&pattern, &stream, false, true), by_runs, "{} on {}, read back", pattern, stream);
    }
}
