//! E05xx: parts of the language that are parsed but not built yet.

super::codes! {
    KEY_TABLE = "E0504", "table-keys-not-supported", "taking the keys of a rule from a table is not supported yet",
        "It will watch the keys of a table's rows, also those that no event has shown.";
    APPROX = "E0505", "approx-not-supported", "`approx` is not supported yet",
        "It will use bounded sketches. Without it `distinct` and `percentile` are exact.";
}
