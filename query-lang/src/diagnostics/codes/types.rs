//! E03xx: values of the wrong type.

super::codes! {}
