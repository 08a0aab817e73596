//! E05xx: parts of the language that are parsed but not built yet.

super::codes! {
    APPROX = "E0505", "approx-not-supported", "`approx` is not supported yet",
        "It will use bounded sketches. Without it `distinct` and `percentile` are exact.";
}
