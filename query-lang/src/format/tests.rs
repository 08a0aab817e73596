//! The layout, and that it keeps what it is given.

use super::*;
use proptest::prelude::*;

const CORPUS: &[&str] = &[
    include_str!("../../tests/cases/syntax/complete_file.trip"),
    include_str!("../../tests/cases/syntax/every_production.trip"),
];

fn formatted(text: &str) -> String {
    format(text).unwrap_or_else(|error| format!("{error}: {error:?}\n{text}"))
}

#[test]
fn a_file_in_its_layout_stays_as_it_is() {
    let text = r#"-- A file.
stream payment {
  id:     text
  amount: decimal(2)?  -- euros
  tags:   list of text from "a.b"
} timed by at, late 5s, unique by id over 1h

stream refund { card: text  at: time } timed by at, late 5s

param floor = -500.00
-- By hand.
param watched = ["a", "b"]

-- Why this rule
-- is there.
rule burst {
  by    (card, bin: left(card, 6))
  on    payment where amount > floor and not (a or b[0].c in [1, 2])

  -- Three are a burst.
  when  n >= 3 for 10m
  alert every event high "{card}"
  with  n = count() over 10m, m = - -1 - 2
  to    slack
}

rule steps {
  match probe: payment{3,} greedy over 15m where amount < 2.00
  then  any of (a: x?, no b for 5m, (c then d)+ within 1h)
  then each y*
  next  no z
  without refund
  after match skip to first probe
  alert low "x"
}

test "one" {
  payment { card: "c1", at: -1 } at time("2026-01-31T10:00:00Z") arriving -5s
  payment {} at 1m
  expect nothing else
}
"#;
    assert_eq!(formatted(text), text);
}

#[test]
fn any_layout_becomes_the_one() {
    let text = "rule a{by card on payment -- why\nwhere x\n\n\n-- own\nalert low\"x\"-- end\n}param a=1 let b( x )=x* -2 -- last";
    let expected = "rule a {\n  by    card\n  on    payment  -- why\n        where x\n\n  -- own\n  alert low \"x\"  -- end\n}\n\nparam a = 1\nlet b(x) = x * -2  -- last\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_long_list_of_fields_is_broken() {
    let parts: Vec<_> = (0..9).map(|n| format!("name_{n} = count() over {n}m")).collect();
    let text = format!("rule a {{ on x alert low \"\" with {} }}", parts.join(", "));
    let out = formatted(&text);
    assert!(out.contains("\n  with  name_0 = count() over 0m,\n        name_1 = count() over 1m,\n"), "{out}");
}

/// One break of each kind, in its layout.
#[test]
fn long_lines_are_broken_in_one_way() {
    let text = r#"param watched = [
  "merchant number one", "merchant number two", "merchant number three", "merchant number four",
  "merchant number five", "merchant number six"
]
let suspicious(x) = x > 1000.00
  or x < 1.00 and country is not null
  or country in ["Atlantis", "Utopia", "Eldorado", "Shangri-La"] and merchant is not null

rule long {
  by    card
  on    payment
        where status == "approved"
          and (
            amount between 500.00 and 1000.00
            or merchant in watched and country != "a country with a name that takes a lot of space"
          )
          and not suspicious(amount)
  when  n >= 3
        and total + the_longest_name_of_a_field_in_this_file + another_rather_long_name_of_a_field
          > 5.00 * the_longest_name_of_a_field_in_this_file
        and (if card == "this one is rather long" then 1 else 2)
          > coalesce(n, m, total, something_else)
  alert high "{card}"
  with  n = count() over 10m,
        total = sum(
          if status == "approved and everything else that matters here" then amount else 0.00
        ) over 10m
}

rule pattern {
  by    card
  match probe: payment{3,} over 15m
        where amount < 2.00 and merchant in watched and country is not null and status == "approved"
  then  any of (
          hit: payment within 1h
            where amount > 200.00 and merchant != "a merchant of a certain name",
          no payment for 5m
        )
  alert low "x"
}

test "one" {
  payment {
    card: "a card whose number is long",
    amount: 1.00,
    merchant: "a merchant of a certain name",
    country: "a country with a long name, too"
  } at 0s
}
"#;
    let squeezed: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(formatted(&squeezed), text);
    assert_eq!(formatted(text), text);
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

/// Nothing to break at: the line stays long.
#[test]
fn what_cannot_be_broken_stays() {
    let long = "x".repeat(150);
    let text = format!("rule a {{\n  on    s\n        where t == \"{long}\"\n  alert low \"{long}\"\n}}\n");
    let out = formatted(&text);
    assert_eq!(formatted(&out), out);
    assert!(out.contains(&format!("  alert low \"{long}\"\n")), "{out}");
}

#[test]
fn twice_changes_nothing() {
    for text in CORPUS {
        let once = formatted(text);
        assert_eq!(formatted(&once), once);
    }
}

#[test]
fn errors_are_given_back() {
    assert!(matches!(format("rule"), Err(FormatError::Syntax(diagnostics)) if !diagnostics.is_empty()));
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n-- only\n\n\n-- comments"), "-- only\n\n-- comments\n");
}

proptest! {
    /// Comments and line breaks may stand between any two tokens.
    #[test]
    fn comments_are_kept_anywhere(at in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 1..20)) {
        for text in CORPUS {
            let tokens = lex(text).tokens;
            let mut places: Vec<_> = at.iter().map(|(index, kind)| (tokens[index.index(tokens.len())].span.end as usize, *kind)).collect();
            places.sort_unstable();
            let mut text = (*text).to_owned();
            for (place, kind) in places.into_iter().rev() {
                text.insert_str(place, [" -- c\n", "\n-- c\n", "\n\n\n", "\n\n -- c\n\n"][kind]);
            }
            let once = formatted(&text);
            prop_assert!(lex(&once).tokens.len() == tokens.len(), "{}", once);
            prop_assert_eq!(formatted(&once), once.clone());
        }
    }
}
