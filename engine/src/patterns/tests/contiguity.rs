//! `then`, `next`, `then each`, `consecutive`.

use super::notation::finds;

#[test]
fn then_skips_noise_and_takes_the_next_that_fits() {
    finds("a then b", "a0 x1 b2 b3", "a0 b2 @2");
}

#[test]
fn next_is_the_very_next_event_of_the_key() {
    finds("a next b", "a0 b1", "a0 b1 @1");
    finds("a next b", "a0 z1 b2", "");
    finds("a next b", "a0 a1 b2", "a1 b2 @2");
}

#[test]
fn then_each_follows_every_later_event() {
    finds("a then each b limit 10 skip none", "a0 b1 x2 b3", "a0 b1 @1 | a0 b3 @3");
    finds("a then each b limit 10 then c skip none", "a0 b1 b2 c3 c4", "a0 b1 c3 @3 | a0 b2 c3 @3");
}

#[test]
fn then_each_has_a_limit_that_is_not_silent() {
    let two = "a then each b limit 2 then c skip none";
    finds(two, "a0 b1 b2 b3 c4 a5 b6 c7", "a0 b1 c4 @4! | a0 b2 c4 @4 | a0 b6 c7 @7 | a5 b6 c7 @7");
    finds("a then each b limit 1 skip none", "a0 b1 b2", "a0 b1 @1 | a0 b2 @2");
}

#[test]
fn a_loop_repeats_the_word_before_it() {
    finds("a next b{2}", "a0 b1 b2", "a0 b1 b2 @2");
    finds("a next b{2}", "a0 b1 z2 b3", "");
    finds("a then b{2}", "a0 b1 z2 b3", "a0 b1 b3 @3");
    finds("a then each b{2} limit 10 skip none", "a0 b1 b2 b3", "a0 b1 b2 @2 | a0 b1 b3 @3 | a0 b2 b3 @3");
    finds("b{2}", "b0 z1 b2", "b0 b2 @2");
    finds("a next (b then c){2}", "a0 b1 z2 c3 b4 c5", "a0 b1 b4 c3 c5 @5");
    finds("a next (b then c){2}", "a0 b1 c3 z4 b5 c6", "");
}

#[test]
fn the_word_before_a_bracket_is_that_of_its_first_element() {
    finds("a next (b{2} then c)", "a0 b1 b2 z3 c4", "a0 b1 b2 c4 @4");
    finds("a next (b{2} then c)", "a0 b1 z2 b3 c4", "");
    finds("x next any of ((a then b), (c then d))", "x0 a1 c2 d3 b4", "x0 a1 b4 @4");
    finds("x next any of (a{2}, b)", "x0 a1 z2 a3", "");
}

#[test]
fn consecutive_makes_its_inside_next() {
    finds("a then b{2} consecutive", "a0 z1 b2 b3", "a0 b2 b3 @3");
    finds("a then b{2} consecutive", "a0 b2 z3 b4 b5", "");
    finds("a then (b then c){2} consecutive", "a0 z1 b2 c3 b4 c5", "a0 b2 b4 c3 c5 @5");
    finds("a then (b then c){2} consecutive", "a0 b2 z3 c4 b5 c6", "");
}
