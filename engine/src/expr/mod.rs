//! Typed expressions of the plan compiled to closures: masks over a batch for what looks at one event alone, typed
//! closures over a [`Scene`] for what looks at other events too. No per-row dynamic value on the way.

mod scene;

pub use scene::{BatchRow, Bound, Row, Scene};
