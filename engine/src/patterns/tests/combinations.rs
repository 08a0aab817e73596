//! Combinations do what runs do, with every `limit`.

use proptest::prelude::*;

use super::ladder::{number, stream};
use super::notation::{find, finds, plan};
use crate::patterns::Machine;

fn machine(pattern: &str) -> Machine {
    let plan = plan(pattern);
    Machine::new(&plan, &plan.rules[0]).expect("the pattern compiles")
}

#[test]
fn they_are_chosen_for_sequences_by_then_each() {
    for pattern in [
        "a then each b limit 3 skip none",
        "within 5 events a then each b limit 1000000 then each c limit 9 skip none",
        "runs 3 a then each b limit 3 then c then each d limit 4 skip none",
    ] {
        assert_eq!(machine(pattern).strategy(), "combinations", "{pattern}");
    }
    for (pattern, why) in [
        ("a then each b limit 3 then c", "`after match skip` ends runs"),
        ("a then b then each c limit 3 skip none", "the first step is not followed by `then each`"),
        ("a then no x then each b limit 3 skip none", "it says what must not come, or come at once"),
        ("a then each b limit 3 next c skip none", "it says what must not come, or come at once"),
        ("a then each b{2} limit 3 then c skip none", "it has loops, brackets or optional steps"),
        ("a then each b limit 3 within 2 skip none", "`within` of a step: branches differ in what fits them"),
        ("runs latest a then each b limit 3 skip none", "`runs latest` says which runs may be open"),
    ] {
        let machine = machine(pattern);
        assert_eq!((machine.strategy(), machine.why()), ("runs", why), "{pattern}");
    }
}

#[test]
fn all_combinations_are_found_in_the_order_of_their_events() {
    finds(
        "a then each b limit 9 then each c limit 9 skip none",
        "a0 b1 a2 b3 c4 c5",
        "a0 b1 c4 @4 | a0 b3 c4 @4 | a2 b3 c4 @4 | a0 b1 c5 @5 | a0 b3 c5 @5 | a2 b3 c5 @5",
    );
    finds(
        "within 3 events a then each b limit 9 then c skip none",
        "a0 b1 b2 c3 b4 c5 a6 z7 b8 c9 c9",
        "a0 b1 c3 @3 | a0 b2 c3 @3 | a6 b8 c9 @9",
    );
}

#[test]
fn a_start_with_too_many_branches_loses_some_as_a_run_does() {
    finds("a then each b limit 2 then c skip none", "a0 b1 b2 b3 c4 b5 c6", "a0 b1 c4 @4! | a0 b2 c4 @4 | a0 b5 c6 @6");
    // The younger start stays within its limit.
    finds("a then each b limit 2 then c skip none", "a0 b1 b2 a3 b4 c5", "a0 b1 c5 @5! | a0 b2 c5 @5 | a3 b4 c5 @5");
}

/// Patterns that are combinations.
fn pattern() -> impl Strategy<Value = String> {
    let step = || prop_oneof![3 => Just("a"), 3 => Just("b"), 2 => Just("c")];
    let each = |(letter, limit): (&str, u32)| format!(" then each {letter} limit {limit}");
    let limit = || prop_oneof![1u32..12, Just(1_000_000)];
    let next =
        prop_oneof![3 => (step(), limit()).prop_map(each), 1 => step().prop_map(|letter| format!(" then {letter}"))];
    let whole = prop_oneof![number("within"), (1..12).prop_map(|n| format!("within {n} events"))];
    let runs = prop_oneof![3 => Just(""), 1 => Just("runs 1 "), 1 => Just("runs 3 ")];
    let second = (step(), limit()).prop_map(each);
    (whole, runs, step(), second, proptest::collection::vec(next, 0..3)).prop_map(
        |(whole, runs, first, second, more)| format!("{whole} {runs}match {first}{second}{} skip none", more.concat()),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn they_find_what_runs_find(pattern in pattern(), stream in stream()) {
        prop_assert_eq!(machine(&pattern).strategy(), "combinations", "{}", pattern);
        let by_runs = find(&pattern, &stream, true, false);
        prop_assert_eq!(find(&pattern, &stream, false, false), by_runs.clone(), "{} on {}", pattern, stream);
        prop_assert_eq!(find(&pattern, &stream, false, true), by_runs, "{} on {}, read back", pattern, stream);
    }
}
