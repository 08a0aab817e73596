//! The sentences of the language on patterns, each as a few streams and what they match.
//!
//! A stream is written as letters with times in seconds: `a0 b1 xb2` is an `a` at 0, a `b` at 1, and at 2 an event that is
//! both an `x` and a `b`. A match is written as its events by step and the alert's time: `a0 b1 @1`; matches are separated by
//! `|`, in their order. `!` marks an incomplete one.

#![expect(clippy::panic, reason = "a pattern that does not read is a wrong test")]

mod notation;

mod absence;
mod chains;
mod combinations;
mod contiguity;
mod counter;
mod groups;
mod ladder;
mod limits;
mod loops;
mod random;
mod selection;
mod sizes;
