//! E04xx: patterns that cannot work.

super::codes! {
    UNCOVERED = "E0401", "step-without-within", "no `within` covers a step, so a run would wait for ever",
        "Every step after the first comes within some time: that of the step, of a bracket around it, or of the whole rule. \
         `within forever` before `match` says that waiting for ever is meant; the state bill then shows it.";
    SKIP_TARGET = "E0402", "unknown-skip-target", "`after match skip` names a step that is not there",
        "`to first NAME` and `to last NAME` name a step of the pattern.";
    SKIP_EMPTY = "E0403", "skip-target-may-be-empty", "`after match skip` names a step that a match may not have",
        "Matches without the step would leave open where to go on, so it has to be a step that every match has.";
    BARE_LOOP = "E0404", "bare-loop-field", "a loop takes many events, so its field has many values",
        "Functions say which is meant: `first(probe.at)`, `last(probe.amount)`, `sum(probe.amount)`, `count(probe)`. Steps in a bracket that \
         repeats are loops, too.";
    GREEDY_END = "E0405", "greedy-without-end", "a greedy loop at the end would never be over",
        "A greedy loop takes what it can, and as the last step it fires when it is over: at its maximum, at its `until`, at the \
         first event that it cannot take when its inside is `next`, or when its `over` or `within` has passed.";
    NO_LIMIT = "E0406", "branches-without-limit", "branches of a run have no limit",
        "`then each` and loops with `each` follow every choice in a branch of its own. `limit N` says how many a run may have; \
         those beyond are counted and marked in the alert.";
    EACH_AT_END = "E0407", "branches-end-each-other", "branches of the last step need `after match skip none`",
        "After a match the other runs of the key end, unless the pattern says `after match skip none`. So of the branches of a \
         last step only the first would ever match.";
    LIMIT_PLACE = "E0408", "limit-means-nothing", "a limit stands where it means nothing",
        "`over` is the length of a loop or group, `until` ends a loop, `limit` bounds the branches of `then each` and `each`.";
    QUANTIFIER = "E0409", "empty-quantifier", "a quantifier allows no number of events",
        "In `{n,m}` the smaller number stands first, and at least one event must be possible.";
    GROUP_COUNT = "E0410", "more-than-there-are", "a group asks for more members than it has",
        "`3 of (a, b)` can never be complete: the number before `of` is at most the number of members in the brackets.";
    NO_WITHOUT_TIME = "E0411", "no-without-time", "a `no` does not say for how long",
        "Between two steps `no X` means strictly between them. First, in a group, and last without a rule's `within` in time, \
         it takes a time: `no X for 30m`.";
    HAND_OVER = "E0412", "bad-hand-over", "a key is not handed over like this",
        "A step takes its whole key from an earlier step that takes one event: `then x: login by device == reset.device`.";
    NO_STEP = "E0413", "no-step", "a pattern takes no event",
        "A match has at least one event. `no X for D` alone watches for silence; anything else needs a step.";
    NO_KEY = "E0414", "step-without-key", "a step has no key where the others have one",
        "A rule's `by` is for all steps; a step may name its own, and then those without one need the rule's.";
    EACH_OF_NONE = "E0415", "each-of-nothing", "`then each` stands before `no`",
        "`then each` follows every event that fits, and `no` takes no event.";
    TOO_MANY_STEPS = "E0416", "too-many-steps", "a pattern has more steps than can be handled",
        "Patterns have 500 steps at most. A long series of equal steps is a loop: `x: payment{20}`.";
    EVERY_EVENT = "E0417", "every-event-of-a-pattern", "`alert every event` stands in a pattern",
        "Rules of the form `on` alert when their condition becomes true, or by `alert every event` each time. A pattern alerts \
         at each match anyway.";
}
