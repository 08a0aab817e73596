//! Which runs a match ends, in which order matches come, what becomes of duplicates.

use super::notation::finds;

#[test]
fn every_fitting_first_event_starts_a_run() {
    finds("a then b skip none", "a0 a1 b2", "a0 b2 @2 | a1 b2 @2");
}

#[test]
fn past_last_event_ends_what_began_up_to_the_last_event() {
    finds("a then b", "a0 a1 b2 b3", "a0 b2 @2");
    finds("a then a", "a0 a1 a2 a3", "a0 a1 @1 | a2 a3 @3");
    finds("a then no x for 5", "a0 a3 .9", "a0 @5 | a3 @8");
}

#[test]
fn to_next_event_ends_what_began_with_the_first() {
    finds("a then b{2} skip next", "a0 a1 b2 b3", "a0 b2 b3 @3 | a1 b2 b3 @3");
    finds("a then each b limit 9 then c skip next", "a0 b1 b2 c3 c4", "a0 b1 c3 @3");
}

#[test]
fn to_first_and_to_last_end_what_began_before() {
    finds("a then b{2} then c skip first b", "a0 ba1 a2 b3 ba4 b5 c6", "a0 b1 b3 c6 @6 | b1 b3 b4 c6 @6");
}

#[test]
fn duplicates_of_branches_are_dropped_and_longer_come_first() {
    finds("a then b? each limit 9 then b? each limit 9 then c skip none", "a0 b1 c2", "a0 b1 c2 @2 | a0 c2 @2");
}
