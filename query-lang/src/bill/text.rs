//! The bill as a person reads it.

use std::fmt::Write;

use super::{Amount, Rate, RuleBill};

/// All bills, a block a rule; the rate stands above.
pub fn render(bills: &[RuleBill], rate: Rate) -> String {
    let mut out =
        format!("what one key can hold at most, at {} a second of each key\n", counted(rate.per_second(), "event"));
    for bill in bills {
        let _ = write!(out, "\n{}: {}\n", bill.rule, total(bill));
        let width = bill
            .items
            .iter()
            .map(|item| item.clause.chars().count())
            .filter(|width| *width <= CLAUSE_MAX)
            .max()
            .unwrap_or(0);
        for item in &bill.items {
            let events = match item.events {
                Amount::AtMost(0) => String::new(),
                Amount::AtMost(1) => "1 event, ".to_owned(),
                Amount::AtMost(_) => format!("{} events, ", item.events),
                Amount::Countless => "events beyond what can be counted, ".to_owned(),
                Amount::Unbounded => "events not bounded by time, ".to_owned(),
            };
            let bytes = match item.bytes {
                Amount::Unbounded if item.events == Amount::Unbounded => "nor are bytes".to_owned(),
                Amount::Countless => "bytes beyond what can be counted".to_owned(),
                Amount::Unbounded => "bytes not bounded by time".to_owned(),
                Amount::AtMost(_) => format!("{} bytes", item.bytes),
            };
            let clause = if item.clause.chars().count() > width {
                format!("{}\n  {:width$}", item.clause, "")
            } else {
                format!("{:width$}", item.clause)
            };
            let _ = writeln!(out, "  {clause}  {events}{bytes}: {}", item.holds);
        }
    }
    out
}

/// Longer clauses stand on a line of their own.
const CLAUSE_MAX: usize = 48;

fn total(bill: &RuleBill) -> String {
    match (bill.events(), bill.bytes()) {
        (Amount::Unbounded, _) => "not bounded by time".to_owned(),
        (events, Amount::Unbounded) => format!("{events} events, bytes not bounded by time"),
        (events, Amount::Countless) => {
            // Sums of what can be counted can be beyond it, too.
            let clause =
                bill.items.iter().find(|item| item.bytes.is_countless()).map_or("all in all", |item| &item.clause);
            match events {
                Amount::Countless => format!("beyond what can be counted: {clause}"),
                events => format!("{events} events, bytes beyond what can be counted: {clause}"),
            }
        }
        (Amount::AtMost(1), bytes) => format!("1 event, {bytes} bytes"),
        (events, bytes) => format!("{events} events, {bytes} bytes"),
    }
}

fn counted(number: f64, what: &str) -> String {
    if number == 1.0 { format!("1 {what}") } else { format!("{number} {what}s") }
}
