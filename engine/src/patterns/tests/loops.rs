//! Quantifiers: which event goes where, and when a loop at the end fires.

use super::notation::finds;

#[test]
fn an_exact_loop_fires_at_its_last_event() {
    finds("a{3}", "a0 a1 a2 a3 a4 a5", "a0 a1 a2 @2 | a3 a4 a5 @5");
}

#[test]
fn a_trailing_open_loop_fires_at_its_minimum() {
    finds("a then b{2,}", "a0 b1 b2 b3", "a0 b1 b2 @2");
    finds("a then b*", "a0 b1", "a0 @0");
    finds("a then b?", "a0 b1", "a0 @0");
}

#[test]
fn an_event_that_fits_both_goes_on_once_the_minimum_is_met() {
    finds("b+ then c", "b0 bc1 c2", "b0 bc1 @1".replace("bc1", "b1").as_str());
    finds("b{2,} then c", "b0 bc1 bc2 c3", "b0 b1 b2 @2");
    finds("b? then c", "cb0 c1", "c0 @0 | c1 @1");
}

#[test]
fn greedy_turns_it_round() {
    finds("b+ greedy then c", "b0 bc1 c2", "b0 b1 c2 @2");
    finds("a then b? greedy then c", "a0 bc1 c2", "a0 b1 c2 @2");
    finds("a then b{0,2} greedy then c", "a0 bc1 bc2 bc3", "a0 b1 b2 b3 @3");
}

#[test]
fn a_greedy_loop_at_the_end_fires_when_it_is_over() {
    finds("within 10 a then b+ greedy", "a0 b1 b2 .10 .11", "a0 b1 b2 @2");
    finds("a then b+ greedy over 5", "a0 b1 b2 b7", "a0 b1 b2 @2");
    finds("a then b{1,2} greedy", "a0 b1 b2", "a0 b1 b2 @2");
    finds("a next b+ greedy", "a0 b1 b2 z3 b4", "a0 b1 b2 @2");
    finds("a then b+ greedy", "a0 b1 b2", "a0 b1 b2 @2");
}

#[test]
fn each_follows_every_length() {
    finds("a then b* each limit 10 then c skip none", "a0 b1 b2 c3", "a0 b1 b2 c3 @3 | a0 b1 c3 @3 | a0 c3 @3");
    finds("b+ each limit 10 then c skip none", "b0 b1 c2", "b0 b1 c2 @2 | b0 c2 @2 | b1 c2 @2");
    finds("a then b* each limit 10 skip none", "a0 b1 z2 b3", "a0 @0 | a0 b1 @1 | a0 b1 b3 @3");
    finds("a then b? each limit 10 then c skip none", "a0 bc1 c2", "a0 b1 @1 | a0 b1 c2 @2");
}

#[test]
fn greedy_each_gives_the_loop_what_it_can_take() {
    finds("a then b* greedy each limit 10 then c skip none", "a0 b1 b2 c3", "a0 b1 b2 c3 @3");
    finds("a then b* greedy each limit 10 then c skip none", "a0 c1 b2 c3", "a0 c1 @1 | a0 b2 c3 @3");
}

#[test]
fn what_is_optional_at_the_very_end_takes_nothing() {
    finds("a+ greedy then b?", "a0 b1 a2", "a0 a2 @2");
    finds("a+ then b? greedy", "a0 a1", "a0 a1 @1");
}

#[test]
fn greedy_each_at_the_end_is_waited_for_like_greedy() {
    finds("a then b* greedy each limit 9 skip none", "a0 b1 b2", "a0 b1 b2 @2");
    finds("a+ greedy each limit 9 next b? greedy", "a0 z1", "a0 @0");
}

#[test]
fn optional_steps_are_passed_over() {
    finds("a then b? then c", "a0 c1", "a0 c1 @1");
    finds("a then b? then c", "a0 b1 c2", "a0 b1 c2 @2");
    finds("a next b? next c", "a0 c1", "a0 c1 @1");
    finds("a next (b? next c) next d", "a0 c1 d2", "a0 c1 d2 @2");
}

#[test]
fn brackets_repeat() {
    finds("(a then b){2}", "a0 b1 a2 b3", "a0 a2 b1 b3 @3");
    finds("(a then b)+ then c", "a0 b1 a2 b3 c4", "a0 a2 b1 b3 c4 @4");
    finds("(a then b)+ then c", "a0 b1 a2 c3", "");
    finds("x then (a then b)* then c", "x0 c1", "x0 c1 @1");
    finds("x then ((a then b){2} then d)? then c", "x0 a1 b2 a3 b4 d5 c6", "x0 a1 a3 b2 b4 d5 c6 @6");
}
