//! Functions of lists and missing values.

pub(super) mod coalesce;
pub(super) mod has_all;
pub(super) mod has_any;
pub(super) mod join;
pub(super) mod size;
