//! W09xx: worth a look, the file runs.

super::codes! {}
