//! Functions of places.

pub(super) mod distance;
pub(super) mod point;
