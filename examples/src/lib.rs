//! Stories to learn from, and worked cases from other engines' suites.

pub mod conformance;
