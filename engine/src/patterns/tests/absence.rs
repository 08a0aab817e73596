//! `no X` in every place, `without`.

use super::notation::finds;

#[test]
fn no_forbids_strictly_between_its_neighbours() {
    finds("a then no x then b", "a0 x1 b2", "");
    finds("a then no x then b", "x0 a1 b2 x3", "a1 b2 @2");
    finds("a then no x then b", "a0 xb1", "a0 x1 @1");
    finds("a then no x then b? then c", "a0 x1 c2", "");
    finds("a then no x then b? then c", "a0 b1 x2 c3", "a0 b1 c3 @3");
}

#[test]
fn an_absence_at_the_end_fires_when_its_deadline_has_passed() {
    finds("a then no x for 5", "a0 .5 .6", "a0 @5");
    finds("a then no x for 5", "a0 x5", "");
    finds("a then no x for 5", "a0 x6", "a0 @5");
    finds("a then no x for 5 skip none", "a0 a2 x6", "a0 @5");
}

#[test]
fn without_for_it_waits_until_the_rules_within() {
    finds("within 10 a then b then no x", "a0 b4 z10 z11", "a0 b4 @10");
    finds("within 10 a then b then no x", "a0 b4 x10", "");
}

#[test]
fn in_the_middle_the_next_step_comes_after_the_deadline() {
    finds("a then no x for 5 then b", "a0 b5 b6", "a0 b6 @6");
    finds("a then no x for 5 then b", "a0 x5 b6", "");
    finds("a then no x for 5 then b", "a0 x6 b7", "a0 b7 @7");
}

#[test]
fn next_behind_an_absence_is_the_next_event_after_its_time() {
    finds("a then no x for 5 next b", "a0 z3 z5 b6", "a0 b6 @6");
    finds("a then no x for 5 next b", "a0 z6 b7", "");
}

#[test]
fn an_absence_with_nothing_behind_it_forbids_nothing() {
    finds("a then no x then b?", "a0 x1", "a0 @0");
    finds("within 9 a then b? then no x", "a0 x1", "");
}

#[test]
fn first_it_must_have_been_quiet_that_long_before() {
    finds("no x for 5 then b", "b0 b5 b6", "b5 @5 | b6 @6");
    finds("no x for 5 then b", "b0 x1 b6 b7", "b7 @7");
    finds("no x for 5 then b then c", "x0 b5 b6 c7", "b6 c7 @7");
}

#[test]
fn after_a_loop_it_ends_the_run_once_the_loop_may_be_left() {
    finds("a then b+ then no x then c", "a0 b1 x2 b3 c4", "");
    finds("a then b+ then no x then c", "a0 x1 b2 c3", "a0 b2 c3 @3");
    finds("a then b{2,} then no x then c", "a0 b1 x2 b3 c4", "a0 b1 b3 c4 @4");
    finds("a then b+ then no x then c", "a0 b1 xb2 c3", "");
    finds("a then b* each limit 9 then no x then c skip none", "a0 b1 x2 b3 c4", "");
    finds("a then (no x then b)? then c", "a0 x1 b2 c3", "a0 c3 @3");
    finds("a then b+ then no x for 3", "a0 b1 x2 b3 .9", "");
}

#[test]
fn next_no_looks_at_the_very_next_event() {
    finds("a next no x", "a0 z1", "a0 @1");
    finds("a next no x", "a0 x1 z2", "");
    finds("a next no x", "a0", "a0 @0");
    finds("a next no x then b", "a0 z1 x2 b3", "a0 b3 @3");
    finds("a next no x then b", "a0 x1 b3", "");
    finds("a next (no x then b)", "a0 x1 b2", "");
    finds("a next (no x then b)", "a0 z1 x2 b3", "a0 b3 @3");
    finds("any of (a{1,2}, b) next no x", "a0 a1", "a0 @1 | a1 @1");
    finds("a+ next no x", "a0 a1 x2", "a0 @1");
    finds("a+ greedy consecutive next no a", "a0 a1 a2 z3 a4", "a0 a1 a2 @3 | a4 @4");
}

#[test]
fn after_a_greedy_loop_it_does_not_test_what_the_loop_takes() {
    finds("a then b+ greedy then no b for 3 then c", "a0 b1 b2 c6", "a0 b1 b2 c6 @6");
    finds("a then b+ greedy then no x for 3", "a0 b1 b2 .6", "a0 b1 b2 @5");
    finds("a then b+ greedy then no x then c", "a0 b1 xb2 c3", "a0 b1 x2 c3 @3");
    finds("a then b+ greedy then no x then c", "a0 b1 x2 b3 c4", "");
    finds("a+ greedy next no a", "a0 a1 z2", "a0 a1 @2");
}

#[test]
fn without_ends_the_run_between_first_and_completing() {
    finds("a then b without x", "x0 a1 b2 x3", "a1 b2 @2");
    finds("a then b without x", "a1 x2 b3", "");
    finds("a then b then c without x", "a1 bx2 c3", "");
    finds("a then b without x", "a1 bx2", "a1 b2 @2");
    finds("a then no y for 5 without x", "a0 x5", "");
    finds("a then no y for 5 without x", "a0 x6", "a0 @5");
}

#[test]
fn silence_alerts_once_per_outage() {
    finds("no x for 5", "x0 x3 z20 x30 z40", "@8 | @35");
    finds("no x for 5", "z0 z4 x20", "@5 | @25");
}
