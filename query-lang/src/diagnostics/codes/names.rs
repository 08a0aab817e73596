//! E02xx: names that mean nothing, or two things.

super::codes! {}
