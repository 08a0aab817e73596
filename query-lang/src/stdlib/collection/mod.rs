//! Functions of lists and missing values.

pub(super) mod coalesce;
pub(super) mod join;
pub(super) mod size;
