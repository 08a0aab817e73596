//! Detection: all rules of one key scope over the keys of one worker. Pure: batches and watermarks in, alerts out.
//!
//! `prepare` evaluates every distinct predicate once per batch and finds the rows that some rule wants, with their keys;
//! `Parcel`s carry those rows to the worker that has the key; a `Detector` puts them into the total order below the
//! watermark and runs the rules.
//!
//! ```text
//! Program: plan -> interests of each rule -> predicates, scopes, routes
//! prepare: batch -> answers (masks) -> keys -> parcels, each a sorted run
//! Detector: runs -> reorder -> key table -> a store of states per rule -> alerts and rows; timers in between
//! Stage: detectors -> alerts; rows of derived streams -> batches -> prepare -> parcels for later stages
//! ```
//!
//! Rules that read other rules run in a later *stage*: at the end of a tick one stage after the other is brought up to the
//! watermark, so that a stage has all rows of the earlier ones.

mod alike;
mod apart;
mod chorus;
mod constants;
mod detector;
mod disjoint;
mod episode;
mod families;
mod family;
mod glance;
mod interest;
mod keys;
mod likeness;
mod listed;
pub mod local;
mod members;
mod needs;
mod out;
mod outage;
mod parcel;
mod pattern;
mod places;
mod predicates;
mod prefilter;
mod program;
mod reorder;
mod repeated;
mod rising;
mod rule;
mod scope;
mod snapshot;
mod stage;
mod store;
mod suppress;
mod sweep;
mod threshold;
mod timers;
mod together;
mod turns;
mod unique;
mod view;
mod voice;
mod waiting;
mod warm;
mod window;
mod wording;

#[cfg(test)]
mod tests;

pub use detector::{Detector, Open};
pub use out::Out;
pub use parcel::{Parcel, Prepared, Share};
pub(crate) use prefilter::known_before;
pub use program::{Program, ProgramError};
pub use stage::{Admitted, Found, Stage};
pub use unique::Repeats;
