//! Functions of network addresses.

pub(super) mod cidr_match;
