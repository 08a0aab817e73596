//! The fingerprint of a rule: a hash of what it means, unchanged by layout, comments, file names and other items.
//!
//! It is part of an alert's id, and state is kept under it: a rule with the same fingerprint finds the same alerts. In it are
//! the version of the operators' meaning, the key, the clauses or the pattern with everything in them, the history
//! functions that these use, `suppress`. Streams, fields and functions are in it by name, so that other items may come and go. The rule's
//! name is in it, too: it changes nothing about matching, but two rules of one body must not share alert ids. Not in it
//! are severity, message, metadata, sinks, and `with` fields that matching does not use: rewording an alert keeps its id.
//! A derived stream goes in with its definition: all of the rule that makes it, and its fields.

mod encode;

use crate::plan::{Rule, Stream, Table};
use twox_hash::XxHash3_64;

/// Goes up when an operator, function or pattern construct gets another meaning.
pub const OPERATOR_SEMANTICS: u32 = 1;

/// Hash of all that the rows of a rule's derived stream depend on, its fields among them.
pub fn of_stream(streams: &[Stream], tables: &[Table], rule: &Rule) -> u64 {
    XxHash3_64::oneshot(&encode::rows(streams, tables, rule))
}

/// The fingerprint of a rule over these streams and tables.
pub fn of_rule(streams: &[Stream], tables: &[Table], rule: &Rule) -> u64 {
    XxHash3_64::oneshot(&encode::rule(streams, tables, rule))
}
