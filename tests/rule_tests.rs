//! `test` blocks: what passes, what fails, and what a failing one says.

use tripline::testing::{TestResult, run_tests};
use tripline_query_lang::{Source, compile, diagnostics};

const RULES: &str = r#"
stream payment { card: text  amount: decimal(2)  merchant: text  at: time } timed by at, late 5s, ahead 1m
stream refund  { card: text  at: time } timed by at
stream order   { order_id: text  kind: text  at: time } timed by at

param floor = 500.00

rule burst {
  by    card
  on    payment where amount > floor
  when  n >= 3
  alert high "{card}: {n}"
  with  n = count() over 10m, total = sum(amount) over 10m
}

rule testing {
  by    card
  match probe: payment{3,} over 15m where amount < 2.00
  then  hit: payment within 1h where amount > 200.00
  without refund
  alert critical "{card}"
  with  shop = hit.merchant
}

rule unpaid {
  by    order_id
  match placed: order where kind == "placed"
  then  no order for 30m where kind == "paid"
  alert low "{order_id}"
}
"#;

fn run(tests: &str) -> Vec<TestResult> {
    let sources = [Source { name: "rules.trip".to_owned(), text: format!("{RULES}\n{tests}") }];
    let compiled = compile(&sources, &[]);
    let said: Vec<String> = compiled.diagnostics.iter().map(|d| diagnostics::render(d, &sources, false)).collect();
    assert!(compiled.plan.is_some(), "{}", said.join("\n"));
    let plan = compiled.plan.expect("just looked");
    run_tests(&sources, &[], &plan)
}

fn failure(test: &str) -> String {
    let results = run(&format!("test \"t\" {{ {test} }}"));
    assert_eq!(results.len(), 1);
    results[0].failure.clone().unwrap_or_default()
}

#[track_caller]
fn passes(test: &str) {
    assert_eq!(failure(test), "");
}

/// Three payments over the floor.
const THREE: &str = r#"
  payment { card: "c1", amount: 600.00 } at 0s
  payment { card: "c1", amount: 700.00 } at 1m
  payment { card: "c1", amount: 800.00 } at 2m
"#;

#[test]
fn what_is_expected_passes() {
    passes(&format!("{THREE} expect burst {{ card: \"c1\", n: 3, total: 2100.00 }} at 2m  expect nothing else"));
    passes(&format!("{THREE} expect burst {{}}  expect no testing"));
    passes(r#"order { order_id: "o", kind: "placed" } at 0s  expect unpaid { order_id: "o" } at 30m"#);
    passes(r#"order { order_id: "o", kind: "placed" } at 0s  end at 30m  expect no unpaid"#);
    passes(
        r#"order { order_id: "o", kind: "placed" } at 0s
           order { order_id: "o", kind: "paid" } at 30m  expect no unpaid"#,
    );
}

#[test]
fn each_expectation_takes_an_alert_of_its_own() {
    let two = r#"
      order { order_id: "a", kind: "placed" } at 0s
      order { order_id: "b", kind: "placed" } at 0s
    "#;
    passes(&format!("{two} expect unpaid {{}} at 30m  expect unpaid {{ order_id: \"a\" }}  expect nothing else"));
    assert_eq!(
        failure(&format!("{two} expect unpaid {{ order_id: \"a\" }}  expect nothing else")),
        "  expected  nothing else\n  actual    unpaid { order_id: \"b\" } at 30m"
    );
    let thrice = failure(&format!("{two} expect unpaid {{}}  expect unpaid {{}}  expect unpaid {{}}"));
    assert!(thrice.contains("no such alert"), "{thrice}");
}

#[test]
fn a_params_override_compiles_again() {
    passes(&format!("param floor = 750.00 {THREE} expect no burst"));
}

#[test]
fn the_nearest_miss_is_shown_side_by_side() {
    assert_eq!(
        failure(&format!("{THREE} expect burst {{ card: \"c1\", n: 3, total: 2000.00 }} at 3m  expect nothing else")),
        "  expected  burst { card: \"c1\", n: 3, total: 2000.00 } at 3m\n  \
           actual    burst { card: \"c1\", n: 3, total: 2100.00 } at 2m\n            \
             `total` is 2100.00, not 2000.00\n            \
             it comes at 2m, not at 3m"
    );
}

#[test]
fn a_threshold_that_stays_false_shows_its_values() {
    let said = failure(
        r#"payment { card: "c1", amount: 600.00 } at 0s
           payment { card: "c1", amount: 700.00 } at 1m
           payment { card: "c2", amount: 800.00 } at 2m
           expect burst { card: "c1" }"#,
    );
    assert!(said.contains("`when` held at no event of card \"c1\""), "{said}");
    assert!(said.contains("at 1m  n: 2, total: 1300.00"), "{said}");
    let said = failure(r#"payment { card: "c1", amount: 1.00 } at 0s  expect burst { card: "c1" }"#);
    assert!(said.contains("no event of card \"c1\" passes the `on` clause"), "{said}");
    let said = failure(&format!(
        "{THREE} payment {{ card: \"c1\", amount: 900.00 }} at 3m  expect burst {{}}  expect burst {{}}"
    ));
    assert!(said.contains("the episode alerts once"), "{said}");
}

#[test]
fn a_pattern_that_stays_open_shows_the_step_it_waited_for() {
    let probes = r#"
      payment { card: "c", amount: 1.00 } at 0s
      payment { card: "c", amount: 1.00 } at 1m
      payment { card: "c", amount: 1.00 } at 2m
    "#;
    let said = failure(&format!("{probes} payment {{ card: \"c\", amount: 150.00 }} at 9m  expect testing {{}}"));
    assert!(said.contains("a run took `probe: payment` at 2m, and then waited for `hit: payment`"), "{said}");
    assert!(said.contains("the `payment` at 9m does not fit: its `where` does not hold"), "{said}");
    let said = failure(&format!("{probes} payment {{ card: \"c\", amount: 250.00 }} at 2h  expect testing {{}}"));
    assert!(said.contains("the `payment` at 2h does not fit: it comes too late"), "{said}");
    let said = failure(&format!(
        "{probes} refund {{ card: \"c\" }} at 3m payment {{ card: \"c\", amount: 250.00 }} at 9m  expect testing {{}}"
    ));
    assert!(said.contains("without `without` it would have matched at 9m"), "{said}");
    let said = failure(r#"payment { card: "c", amount: 5.00 } at 0s  expect testing {}"#);
    assert!(said.contains("no event starts a run"), "{said}");
}

#[test]
fn a_late_line_is_named() {
    let said = failure(
        r#"payment { card: "c1", amount: 600.00 } at 1m
           payment { card: "c1", amount: 700.00 } at 54s
           payment { card: "c1", amount: 800.00 } at 2m
           payment { card: "c1", amount: 800.00 } at 5h arriving 1h
           expect burst {}"#,
    );
    assert!(said.contains("the `payment` at 54s is late"), "{said}");
    assert!(said.contains("the `payment` at 5h is too far ahead"), "{said}");
}

#[test]
fn an_alert_that_comes_at_another_time_is_not_blamed_on_without() {
    let text = "stream p { card: text  kind: text?  at: time } timed by at\n\
        rule r { by card match a: p where kind == \"a\" then no p for 10m where kind == \"b\" alert low \"x\" }\n\
        test \"silence\" {\n  p { card: \"d\", kind: \"a\" } at 602s\n\
        expect r { card: \"d\" } at 10m\n  expect r { card: \"d\" } at 1202s\n}\n";
    let sources = [Source { name: "t.trip".to_owned(), text: text.to_owned() }];
    let plan = compile(&sources, &[]).plan.expect("it compiles");
    let failure = run_tests(&sources, &[], &plan)[0].failure.clone().expect("it fails");
    assert!(failure.contains("what alerts of card \"d\" comes at 1202s, and other lines expect that"), "{failure}");
    assert!(!failure.contains("without"), "{failure}");
}
