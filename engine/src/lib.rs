//! The engine: a typed plan in, a running dataflow out. Knows no client library.
//!
//! timely appears only in `operators`, `render`, `runner` and `tables`; all else is tested by plain calls.

pub mod alert;
pub mod detect;
pub mod event;
pub mod explain;
pub mod expr;
pub mod history;
pub mod io;
pub mod left_out;
pub mod metrics;
pub mod operators;
pub mod patterns;
pub mod recovery;
pub mod reference;
pub mod render;
pub mod runner;
pub mod state;
pub mod tables;
pub mod time;
pub mod views;
pub mod windows;
