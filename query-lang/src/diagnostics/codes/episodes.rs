//! E07xx: `for`, `repeat` and `resolve` where nothing lasts.

super::codes! {
    NO_EPISODE = "E0701", "no-episode", "`repeat` or `resolve` stands where there is no episode",
        "An episode is the time in which a rule's `when` holds: it alerts once, when it opens. `repeat` alerts again while it lasts, \
         `resolve` when it ends. Without `when`, and by `alert every event`, each alert stands for one event.";
    NOTHING_LASTS = "E0702", "nothing-lasts", "`repeat` or `resolve` stands in a pattern that no absence ends",
        "A match of events is complete, and nothing of it lasts. Where a pattern ends with `no X for D`, the absence goes on until an X \
         comes: `repeat` alerts again while it does, `resolve` when X has come.";
    REPEAT_NEVER = "E0703", "repeat-never", "a `repeat` would never come",
        "Repeats end with the rule's `within`, counted from the first event of the match. One that is longer has no time to come.";
}
