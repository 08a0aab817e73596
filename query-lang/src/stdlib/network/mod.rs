//! Functions of network addresses.

pub(super) mod cidr_match;
pub(super) mod ip_between;
pub(super) mod ip_is_private;
pub(super) mod ip_version;
pub(super) mod url_decode;
pub(super) mod url_host;
