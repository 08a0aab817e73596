//! `within`, `over`, `runs`.

use super::notation::finds;

#[test]
fn the_rules_within_is_first_to_last_event_inclusive() {
    finds("within 5 a then b", "a0 b5", "a0 b5 @5");
    finds("within 5 a then b", "a0 b6", "");
    finds("within 5 a{3}", "a0 a3 a6 a7 a8", "a3 a6 a7 @7");
}

#[test]
fn within_events_counts_positions_of_the_key() {
    finds("within 2 events a then b", "a0 z1 b2", "a0 b2 @2");
    finds("within 2 events a then b", "a0 z1 z2 b3", "");
}

#[test]
fn a_steps_within_is_after_the_matched_event_before_it() {
    finds("a then b within 5 then c within 2", "a0 b5 c7", "a0 b5 c7 @7");
    finds("a then b within 5 then c within 2", "a0 b5 c8", "");
    finds("a then b{2} within 2", "a0 b2 b4", "a0 b2 b4 @4");
    finds("a then b{2} within 2", "a0 b2 b5", "");
}

#[test]
fn over_is_first_to_last_of_a_loop_or_group() {
    finds("a then b{2} over 3", "a0 b9 b12", "a0 b9 b12 @12");
    finds("a then b{2} over 3", "a0 b9 b13", "");
    finds("a then all of (b, c) over 3", "a0 c5 b8", "a0 b8 c5 @8");
    finds("a then all of (b, c) over 3", "a0 c5 b9", "");
}

#[test]
fn an_event_that_would_break_a_limit_does_not_fit() {
    finds("a then b{1,2} greedy over 3 then c", "a0 b1 bc9", "a0 b1 b9 @9");
}

#[test]
fn starts_beyond_the_cap_are_refused_and_told() {
    finds("runs 2 match a then b skip none", "a0 a1 a2 b3 a4 b5", "a0 b3 @3! | a1 b3 @3 | a4 b5 @5");
}

#[test]
fn runs_1_is_a_meaning() {
    finds("runs 1 match a then b then c", "a0 a1 b2 c3", "a0 b2 c3 @3");
    finds("within 5 runs 1 match a then b", "a0 a6 b7", "a6 b7 @7");
    // The event that completes a run may start the next one.
    finds("runs 1 match a then b skip none", "a0 ab1 b2 a3 b4", "a0 a1 @1 | a1 b2 @2 | a3 b4 @4");
    finds("runs 1 match a next b", "a0 a1 b2", "a1 b2 @2");
    finds("within 9 runs 1 match a{1,} over 1 next b", "a0 a4 b5", "a4 b5 @5");
}

#[test]
fn runs_latest_takes_the_place_of_the_one_that_waits() {
    finds("runs latest match a then b then c skip none", "a0 a1 b2 c3", "a1 b2 c3 @3");
    finds("runs latest match a then b then c skip none", "a0 b1 a2 b3 c4", "a2 b3 c4 @4");
    finds("runs latest match a then b+ then c skip none", "a0 b1 a2 b3 c4", "a2 b3 c4 @4");
    finds("runs latest match a{2} then b skip none", "a0 a1 a2 b3", "a1 a2 b3 @3");
    // A loop that its limit has ended is not waited for: the older run waits for the step behind it.
    let both = "a0 b1 c11 @11 | a2 b10 c11 @11";
    finds("runs latest match a then b+ greedy over 3 then c skip none", "a0 b1 a2 b10 c11", both);
    // A group that has begun waits where one does that has not: at the first step in the text that it still takes.
    finds("runs latest match a then all of (b, c) skip none", "a0 c1 a2 b3 c4", "a2 b3 c4 @4");
    finds("runs latest match a then (all of (b, c)){2} skip none", "a0 c1 a2 b3 c4 c5 b6", "a2 b3 b6 c4 c5 @6");
    // A complete member takes no more: the run waits at the end, for the absence.
    finds("runs latest match a then 2 of (b{1,2}, no c for 4) skip none", "a0 b1 a2", "a0 b1 @4");
    finds("runs latest match (a then 2 of (b{1,2}, no c for 4)) skip none", "a0 b1 a2", "a0 b1 @4");
    finds("runs latest match a then 2 of (b{1,2}, no c for 4) skip none", "a0 b1 a2 b3", "a2 b3 @6");
}
