//! Worked cases from other engines' suites: each is turned into rule text, run through the ordinary pipeline, and compared.
//!
//! Whether the language can say a case is decided by the case's structure alone, and by whether the compiler takes the
//! rule; never by what comes out.

mod ambiguity;
mod case;
mod check;
mod compare;
mod eql;
mod fields;
mod flink;
mod flink_readings;
mod notation;
mod print;
mod rule;
mod run;
mod sql;
mod sql_ways;
mod tree;
mod tree_sides;
mod tree_start;

pub use case::{Broken, Case, read};
pub use run::{Judge, Report, judge};

/// A key of these parts.
fn keys(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        several => format!("({})", several.join(", ")),
    }
}
