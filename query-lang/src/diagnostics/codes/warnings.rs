//! W09xx: worth a look, the file runs.

super::codes! {
    NULL_COMPARED = "W0901", "compared-with-null", "a comparison with `null` is never known",
        "Comparing with a missing value is unknown, and unknown does not hold, nor does its `not`. `x is null` and `x is not null` \
         ask whether a value is missing.";
    CONSTANT_CONDITION = "W0902", "constant-condition", "a condition does not depend on any event",
        "The condition always holds, or never, whatever comes: `1 < 2`, `x > 3 or x < 5`. One that depends on a `param` is not reported: that may be a switch.";
    UNUSED_STREAM = "W0903", "unused-stream", "no rule or test reads this stream",
        "The stream is declared, and nothing looks at it. A source need not be configured for it.";
    LOOP_AT_MINIMUM = "W0904", "loop-never-grows", "a loop never takes more than its minimum",
        "An event that fits both the loop and the step after it goes to the step after, once the minimum is met. Here every event that \
         fits the loop fits that step, so the loop ends as soon as it can. `greedy` turns that round.";
    LOOP_STARVES = "W0905", "step-starved", "a greedy loop takes every event that the step after it waits for",
        "A greedy loop without a limit takes what fits. Here everything that fits the step after it fits the loop as well, so that step \
         never gets an event. A maximum, `over` or `until` ends the loop.";
    FIRST_FIT = "W0906", "first-fit-may-be-wrong", "a later condition asks for one of several events that fit a step",
        "`then` takes the first event that fits. When a later step must agree with it, another event that also fits may be the right \
         one. `then each` follows each of them in a branch of its own.";
    WITHIN_TOO_SHORT = "W0907", "within-too-short", "the time of the whole match is shorter than a wait inside of it",
        "A `no X for D` inside of a pattern waits D before the next step can come. A `within` of the whole match that is shorter than that is \
         over before.";
    NEVER_HOLDS = "W0908", "never-holds", "a condition can never hold, so nothing fits",
        "The parts of the condition contradict each other: no value is over 5 and under 3, equal to two texts, or in an empty list. A step \
         with such a condition never fits, and a rule with it never alerts. Often `or` is meant where `and` stands.";
    OVERLAP = "W0909", "overlapping-steps", "an event may fit a loop or an optional step, and the step after it as well",
        "An event that fits both goes to the step after, once the loop has its minimum; `greedy` turns that round. Where that is not what \
         is meant, the match looks arbitrary. Write `greedy`, or conditions that exclude each other.";
    ONE_LETTER_OFF = "W0910", "one-letter-off", "two names or texts differ in one letter",
        "Two sinks, steps or fields whose names differ in a letter are easily confused, and a text that is compared with a field in one rule \
         and written otherwise in another is often a slip: it never fits. Names that differ in digits alone are left in peace.";
    GAPS = "W0911", "windows-with-gaps", "windows are shorter than the time between their ends",
        "`every 1h over 10m` looks at the last ten minutes of each hour: events of the other fifty are in no window. Where every event is to \
         count, `over` is at least as long as `every`.";
    UNUSED_VIEW = "W0912", "unused-view", "no rule looks anything up in this view",
        "A view costs memory for every key, and its rows are worked out for those who look them up. One that nobody looks up is kept only when \
         `tripline run --show NAME` asks for its rows at the end of a run.";
    UNUSED_PARAM = "W0913", "unused-param", "no rule reads this param",
        "A param is a constant that can be given another value from outside. Where nothing reads it, another value changes nothing: its name may be \
         misspelled where it is meant, or a literal may stand there.";
    UNUSED_LET = "W0914", "unused-let", "nothing uses this `let`",
        "A `let` names an expression that is put in where the name stands. This one stands nowhere.";
    UNUSED_TABLE = "W0915", "unused-table", "no rule looks anything up in this table",
        "A table that no rule needs is not read: its source need not even be there. It is looked up by `table[key].field` or `x in table`, or gives \
         a rule its keys by `by x in table`.";
    COUNT_OF_CONDITION = "W0916", "count-of-condition", "`count` of a condition counts where it is false as well",
        "`count(x)` counts the events in which x is not missing. Of a condition these are those for which it holds and those for which it does not. \
         `count(where ok)` counts those for which it holds.";
    EMPTY_FILE = "W0917", "empty-file", "nothing stands in a rule file",
        "A rule file without any item changes nothing: it may have been saved empty, or everything in it is a comment.";
    SAME_TITLE = "W0918", "same-title", "two tests have the same title",
        "A report names a test by its title, and `tripline test --filter` chooses by it. Of two with one title nobody knows which has failed.";
}
