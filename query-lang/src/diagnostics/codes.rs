//! The registry of codes: one row each, a file per range. A code is never reused for something else.

use super::Code;

pub mod episodes;
pub mod names;
pub mod patterns;
pub mod syntax;
pub mod tables;
pub mod types;
pub mod warnings;

/// One row of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `E0101`
    pub code: Code,
    /// A short name in kebab case: `unexpected-token`.
    pub name: &'static str,
    /// One line: what it says.
    pub summary: &'static str,
    /// Why it is so, and what to do, in a few sentences; may have lines of example.
    pub explanation: &'static str,
}

/// Makes a constant per code, and the table `ENTRIES` of a range.
/// A row is `CONSTANT = "code", "name", "summary", "explanation";`.
macro_rules! codes {
    ($($constant:ident = $code:literal, $name:literal, $summary:literal, $explanation:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $constant: $crate::diagnostics::Code = $crate::diagnostics::Code($code);
        )*
        /// The rows of this range.
        pub const ENTRIES: &[$crate::diagnostics::codes::Entry] = &[
            $($crate::diagnostics::codes::Entry {
                code: $constant,
                name: $name,
                summary: $summary,
                explanation: $explanation,
            },)*
        ];
    };
}
use codes;

/// Every range with its first digits, in order.
const RANGES: &[(&str, &[Entry])] = &[
    ("E01", syntax::ENTRIES),
    ("E02", names::ENTRIES),
    ("E03", types::ENTRIES),
    ("E04", patterns::ENTRIES),
    ("E06", tables::ENTRIES),
    ("E07", episodes::ENTRIES),
    ("W09", warnings::ENTRIES),
];

/// All rows, in order of their codes.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    RANGES.iter().flat_map(|(_, entries)| entries.iter())
}

/// The row of a code as a user types it (`E0101`, also `e0101`).
pub fn find(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code.0.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_their_range_in_order_and_unique() {
        for (range, entries) in RANGES {
            for entry in *entries {
                assert!(
                    entry.code.0.starts_with(range) && entry.code.0.len() == 5,
                    "{} is not of {range}",
                    entry.code.0
                );
            }
        }
        let codes: Vec<_> = all().map(|entry| entry.code.0).collect();
        for pair in codes.windows(2) {
            assert!(pair[0] < pair[1], "{} stands before {}", pair[0], pair[1]);
        }
        let mut names: Vec<_> = all().map(|entry| entry.name).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1], "a name is given twice");
        }
    }

    #[test]
    fn every_row_is_written_out() {
        for entry in all() {
            assert!(entry.summary.len() > 10 && !entry.summary.contains('\n'), "{}: summary", entry.code.0);
            assert!(entry.explanation.len() > entry.summary.len(), "{}: explanation", entry.code.0);
            assert!(entry.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}: name", entry.code.0);
        }
    }

    #[test]
    fn a_code_is_found_as_typed() {
        assert_eq!(find("e0101").map(|entry| entry.code), Some(syntax::UNEXPECTED));
        assert_eq!(find("E9999"), None);
    }
}
