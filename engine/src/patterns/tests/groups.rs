//! `any of`, `all of`, `N of`.

use super::notation::finds;

#[test]
fn any_of_the_first_to_complete_wins() {
    finds("any of (a, b) then c", "b0 c1", "b0 c1 @1");
    finds("x then any of ((a then b), (c then d)) then e", "x0 a1 c2 d3 b4 e5", "x0 c2 d3 e5 @5");
    finds("x then any of ((a then b), a)", "x0 a1", "x0 a1 @1");
}

#[test]
fn at_one_event_the_first_in_text_order_wins() {
    finds("x then any of ((a then b), (c then b))", "x0 c1 a2 b3", "x0 a2 b3 @3");
}

#[test]
fn first_any_of_follows_only_what_the_first_event_starts() {
    finds("any of ((a then b), (c then d))", "a0 c1 d2 skip".trim_end_matches(" skip"), "c1 d2 @2");
    finds("any of ((a then b), (c then d)) then e", "a0 c1 d2 b3 e4", "a0 b3 e4 @4");
}

#[test]
fn an_alternative_that_is_given_up_leaves_nothing_in_the_match() {
    finds("x then any of (b, (c next d))", "x0 c1 z2 b3", "x0 b3 @3");
    finds("x then any of ((b then e), (c next d)) then f", "x0 c1 b2 e3 f4", "x0 b2 e3 f4 @4");
}

#[test]
fn all_of_takes_every_member_in_any_order() {
    finds("all of (a, b, c)", "c0 a1 b2", "a1 b2 c0 @2");
    finds("x then all of (a, b{2}) then c", "x0 b1 a2 c3 b4 c5", "x0 a2 b1 b4 c5 @5");
}

#[test]
fn an_event_goes_to_the_first_open_member_that_it_fits() {
    finds("all of (a, b)", "ab0 ab1", "a0 a1 @1");
    finds("all of (a, b)", "ab0 a1 b2", "a0 b2 @2 ".trim());
}

#[test]
fn n_of_takes_that_many_distinct_members() {
    finds("2 of (a, b, c)", "a0 a1 c2", "a0 c2 @2");
    finds("x then 2 of (a, (b then d), c) then e", "x0 b1 a2 c3 d4 e5", "x0 a2 c3 e5 @5");
}

#[test]
fn next_before_all_of_holds_between_all_their_events() {
    finds("x next all of (a, b)", "x0 b1 a2", "x0 a2 b1 @2");
    finds("x next all of (a, b)", "x0 b1 z2 a3", "");
    finds("x next all of (a, b)", "x0 z1 b2 a3", "");
}

#[test]
fn an_absence_is_one_way_out_of_any_of() {
    finds("a then any of (no x for 5, b)", "a0 .6", "a0 @5");
    finds("a then any of (no x for 5, b)", "a0 b5", "a0 b5 @5");
    finds("a then any of (no x for 5, b)", "a0 x1 b7", "a0 b7 @7");
    finds("a then any of (no x for 5, b) then c", "a0 c3 c6", "a0 c6 @6");
    finds("a then any of (no x for 5, (b then d)) then c", "a0 b3 d6 c7", "a0 c7 @7");
}

#[test]
fn an_absence_in_all_of_is_complete_at_its_deadline() {
    finds("a then all of (no x for 5, b)", "a0 b1 .6", "a0 b1 @5");
    finds("a then all of (no x for 5, b)", "a0 b7", "a0 b7 @7");
    finds("a then all of (no x for 5, b)", "a0 x5 b7", "");
    finds("a then all of (no x for 5, no y for 7)", "a0 z8", "a0 @7");
    finds("a then all of (no x for 5, no y for 7)", "a0 x6", "a0 @7");
    finds("a then all of (no x for 5, no y for 7)", "a0 y6", "");
}

#[test]
fn groups_repeat_in_brackets() {
    finds("(any of (a, b)){3}", "a0 b1 a2", "a0 a2 b1 @2");
    finds("(any of (a, b))* then d", "a0 b1 d2", "a0 b1 d2 @2");
    finds("(any of ((a then b), c)){2}", "a0 b1 a2 c3", "a0 b1 c3 @3");
}

#[test]
fn a_greedy_loop_in_a_group_at_the_end_is_waited_for() {
    finds("x then any of (a+ greedy over 5, b)", "x0 a1 a3 a7", "x0 a1 a3 @3");
    finds("x then any of (a+ greedy over 5, b)", "x0 b1", "x0 b1 @1");
    finds("x then all of (a+ greedy over 5, b)", "x0 a1 b2 a3 .9", "x0 a1 a3 b2 @3");
    finds("x then any of (a+, b)", "x0 a1 a3", "x0 a1 @1");
    finds("x then any of (a+, b) then c", "x0 a1 a3 c4", "x0 a1 a3 c4 @4");
    finds("x then all of (a+, b)", "x0 a1 a3 b4", "x0 a1 b4 @4");
    finds("x then all of (a+ greedy, b)", "x0 a1 a3 b4", "x0 a1 a3 b4 @4");
}

#[test]
fn each_in_a_group_follows_every_length() {
    finds("any of ((a then b* each limit 9), c) then d skip none", "a0 b1 d2", "a0 b1 d2 @2 | a0 d2 @2");
    finds("any of ((a then b? each limit 9), c) skip none", "a0 b1", "a0 @0 | a0 b1 @1");
    finds("x then each any of (a, b) limit 9 skip none", "x0 a1 b2", "x0 a1 @1 | x0 b2 @2");
}

#[test]
fn what_stands_before_a_group_guards_it() {
    finds("a then no y then any of (no x for 5, b)", "a0 y1 z9", "");
    finds("a then no y then any of (no x for 5, b)", "a0 b1", "a0 b1 @1");
    finds("a then all of (b, c) within 3 then d", "a0 b3 c6 d7", "a0 b3 c6 d7 @7");
    finds("a then all of (b, c) within 3 then d", "a0 b3 c7 d8", "");
}

#[test]
fn a_group_that_is_complete_is_left_like_a_loop() {
    finds("any of (a, b{1,2}) then e* then no t for 5", "b0 e1", "b0 e1 @6");
    finds("within 5 runs 2 any of (a, b) then c", "a0 a10 a20 a22 c23", "a20 c23 @23");
    finds("a? then b{2} then c? each limit 9 skip none", "ab0 b1", "a0 b1 @1");
}
