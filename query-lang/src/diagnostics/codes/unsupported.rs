//! E05xx: parts of the language that are parsed but not built yet.

super::codes! {}
