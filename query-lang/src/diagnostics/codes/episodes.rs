//! E07xx: `for`, `repeat` and `resolve` where nothing lasts.

super::codes! {
    NO_EPISODE = "E0701", "no-episode", "`repeat` or `resolve` stands where there is no episode",
        "An episode is the time in which a rule's `when` holds: it alerts once, when it opens. `repeat` alerts again while it lasts, \
         `resolve` when it ends. Without `when`, and by `alert every event`, each alert stands for one event.";
}
