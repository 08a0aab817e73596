//! Typed expressions of the plan compiled to closures: masks over a batch for what looks at one event alone, typed
//! closures over a [`Scene`] for what looks at other events too. No per-row dynamic value on the way.

mod call;
mod closure;
mod kernel;
mod key;
mod kind;
mod like;
mod logic;
mod lookup;
mod loops;
mod mask;
mod mask_leaf;
mod numeric;
mod place;
mod probe;
mod scene;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod wide;

pub use closure::{
    BoolFn, DecimalFn, ExprFn, FloatFn, IntFn, ListFn, PointFn, ValueFn, compile_bool, compile_decimal, compile_float,
    compile_int, compile_list, compile_point, compile_text, compile_value,
};
pub use key::{KeyFn, KeyRows, hash_key, read_key, write_key};
pub(crate) use key::{read_value, write_value};
pub(crate) use loops::COLLECT_MAX;
pub use mask::{MaskFn, compile_mask};
pub use probe::{Probe, Rest, limit, probe};
pub use scene::{BatchRow, Bound, Lookups, Row, Scene};
pub(crate) use shape::normal;
pub use shape::{canonical, is_local, split_local};
pub use text::TextFn;
