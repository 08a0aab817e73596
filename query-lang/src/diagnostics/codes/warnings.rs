//! W09xx: worth a look, the file runs.

super::codes! {
    NULL_COMPARED = "W0901", "compared-with-null", "a comparison with `null` is never known",
        "Comparing with a missing value is unknown, and unknown does not hold, nor does its `not`. `x is null` and `x is not null` \
         ask whether a value is missing.";
    CONSTANT_CONDITION = "W0902", "constant-condition", "a condition does not depend on any event",
        "The condition always holds, or never, whatever comes. One that depends on a `param` is not reported: that may be a switch.";
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
}
