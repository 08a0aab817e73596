//! The counter does what runs do.

use proptest::prelude::*;

use super::notation::{find, plan};
use crate::patterns::Machine;

fn strategy(pattern: &str) -> &'static str {
    let plan = plan(pattern);
    Machine::new(&plan, &plan.rules[0]).expect("the pattern compiles").strategy()
}

#[test]
fn it_is_chosen_where_runs_share_all_that_they_take() {
    for pattern in ["a{3}", "within 60 a{3,} over 15 then b within 3", "a then b", "a then no x then b without y"] {
        assert_eq!(strategy(pattern), "counter", "{pattern}");
    }
    for pattern in ["a then a then a", "a then a{2} then b", "all of (a, a, a)", "(a{2} then a) then no x then b"] {
        assert_eq!(strategy(pattern), "counter", "alike steps are a loop: {pattern}");
    }
    for pattern in ["a then a then b then b", "a then a within 3 then b", "a next a then b"] {
        assert_ne!(strategy(pattern), "counter", "{pattern}");
    }
    for pattern in ["a next b", "a+ greedy then b", "a then b? then c", "a then no x for 5"] {
        assert_eq!(strategy(pattern), "runs", "{pattern}");
    }
    assert_eq!(strategy("no x for 5"), "silence");
}

/// Patterns that are counters.
fn pattern() -> impl Strategy<Value = String> {
    let before = prop_oneof![3 => Just(""), 1 => Just("a then "), 1 => Just("a{2} then a then ")];
    let quant = prop_oneof![Just(""), Just("{2}"), Just("{3}"), Just("+"), Just("{2,}"), Just("{1,2}"), Just("{2,4}")];
    let number = |word: &'static str| prop_oneof![Just(String::new()), (1..9).prop_map(move |n| format!("{word} {n}"))];
    let then = prop_oneof![Just(""), Just(" then b"), Just(" then no x then b")];
    let without = prop_oneof![3 => Just(""), 1 => Just(" without y")];
    let within = prop_oneof![Just(String::new()), (1..12).prop_map(|n| format!("within {n} "))];
    (within, before, quant, number(" over"), then, number(" within"), without).prop_map(
        |(whole, before, quant, over, then, within, without)| {
            let over = if quant.is_empty() { String::new() } else { over };
            let within = if then.is_empty() { String::new() } else { within };
            format!("{whole}{before}a{quant}{over}{then}{within}{without}")
        },
    )
}

/// Streams of a, b, x, y, of events that are two of them, and of steps of the watermark.
fn stream() -> impl Strategy<Value = String> {
    let event = prop_oneof![6 => Just("a"), 3 => Just("b"), 1 => Just("x"), 1 => Just("y"), 1 => Just("ab"),
        1 => Just("ax"), 1 => Just("bx"), 1 => Just("ay"), 1 => Just("by"), 1 => Just("."), 1 => Just("z")];
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
