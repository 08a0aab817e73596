//! E04xx: patterns that cannot work.

super::codes! {}
