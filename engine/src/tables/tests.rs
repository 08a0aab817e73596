//! Tables against a list of all changes that is searched from its end.

use proptest::prelude::*;

use super::*;

fn plan() -> Plan {
    let text =
        "table t key k { k: int  v: text } stream s { k: int at: time } timed by at rule r { on s alert low \"x\" }";
    let source = tripline_query_lang::Source { name: "t.trip".to_owned(), text: text.to_owned() };
    tripline_query_lang::compile(&[source], &[]).plan.expect("it compiles")
}

const T: TableId = TableId(0);

fn key(k: i64) -> Vec<u8> {
    let mut key = Vec::new();
    assert!(write_key(&[Value::Int(k)], &mut key));
    key
}

fn change(plan: &Plan, k: i64, v: Option<&str>, at_us: i64, offset: i64) -> Change {
    match v {
        Some(v) => {
            let values = vec![Value::Int(k), Value::Text(v.into())];
            Change::row(plan, T, values, at_us, (0, offset)).expect("it has a key")
        }
        None => Change { table: T, key: key(k), row: None, at_us, order: (0, offset) },
    }
}

fn found(tables: &Tables, k: i64, at_us: i64) -> Option<String> {
    tables.row(T, &key(k), at_us).map(|row| row[1].to_string())
}

#[test]
fn a_row_holds_from_its_time_to_that_of_the_next() {
    let (plan, tables) = (plan(), Tables::new(&plan()));
    tables.take([change(&plan, 1, Some("old"), i64::MIN, 1), change(&plan, 1, Some("new"), 10, 2)]);
    tables.take([change(&plan, 1, None, 20, 3)]);
    tables.advance(15);
    assert_eq!(found(&tables, 1, -5).as_deref(), Some("old"));
    assert_eq!(found(&tables, 1, 9).as_deref(), Some("old"));
    assert_eq!(found(&tables, 1, 10).as_deref(), Some("new"));
    assert_eq!(found(&tables, 2, 10), None);
    tables.advance(30);
    assert_eq!(found(&tables, 1, 19).as_deref(), Some("new"));
    assert_eq!(found(&tables, 1, 20), None);
}

#[test]
fn of_one_time_the_last_change_holds_and_one_from_the_past_counts_from_now_on() {
    let (plan, tables) = (plan(), Tables::new(&plan()));
    tables.take([change(&plan, 1, Some("b"), 10, 8), change(&plan, 1, Some("z"), 10, 7)]);
    tables.advance(11);
    assert_eq!(found(&tables, 1, 10).as_deref(), Some("b"));
    tables.take([change(&plan, 1, Some("c"), 3, 9)]);
    tables.advance(12);
    assert_eq!(found(&tables, 1, 10).as_deref(), Some("b"));
    assert_eq!(found(&tables, 1, 11).as_deref(), Some("c"));
}

#[test]
fn what_was_replaced_goes_when_nobody_can_ask_for_it() {
    let (plan, tables) = (plan(), Tables::new(&plan()));
    for n in 0..1_000 {
        tables.take([change(&plan, n % 10, Some(&n.to_string()), n, n)]);
        tables.advance(n + 1);
        tables.compact(n);
    }
    // One change a row, two where it replaced another, of some that have not been merged yet.
    assert!(tables.kept() < 100, "{} of 1990 are left", tables.kept());
    assert_eq!(found(&tables, 3, 999).as_deref(), Some("993"));
}

proptest! {
    #[test]
    fn a_look_up_finds_the_newest_change_of_its_time(
        changes in prop::collection::vec((0..4i64, prop::option::of(0..9u8), 0..60i64), 0..40),
        step in 1..20i64,
        lag in 0..30i64,
    ) {
        let (plan, tables) = (plan(), Tables::new(&plan()));
        let change = |(offset, (k, v, at)): (usize, &(i64, Option<u8>, i64))| {
            change(&plan, *k, v.map(|v| v.to_string()).as_deref(), *at, offset as i64)
        };
        let changes: Vec<Change> = changes.iter().enumerate().map(change).collect();
        tables.take(changes.clone());
        let mut known = 0;
        while known < 80 {
            let before = known;
            known += step;
            tables.advance(known);
            for (k, at) in (0..5).flat_map(|k| ((before - lag).max(0)..known).map(move |at| (k, at))) {
                let of_key = changes.iter().filter(|change| change.key == key(k) && change.at_us <= at);
                let newest = of_key.max_by_key(|change| (change.at_us, change.order));
                let expected = newest.and_then(|change| change.row.as_ref()).map(|row| row[1].to_string());
                prop_assert_eq!(found(&tables, k, at), expected, "key {} at {}", k, at);
            }
            tables.compact(known - lag);
        }
    }
}
