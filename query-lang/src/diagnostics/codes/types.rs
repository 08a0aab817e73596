//! E03xx: values of the wrong type.

super::codes! {
    EXPECTED = "E0301", "wrong-type", "a value is of another type than its place takes",
        "Conditions are bools, windows are durations, functions say in their signature what they take. Ints become decimals and \
         floats by themselves, nothing else changes its type unasked.";
    OPERANDS = "E0302", "operands-do-not-go-together", "two values do not go together",
        "Numbers mix, times and durations add and subtract, and only values of one type can be compared. Lists and places have no \
         order, and lists are asked by `x in list`.";
    ARGUMENTS = "E0303", "wrong-number-of-arguments", "a function or list gets too many or too few arguments",
        "The signature says how many arguments a function takes; those with a `?` may be left out.";
    CONSTANT = "E0304", "not-a-constant", "something has to be known when the file is compiled",
        "Windows, counts, patterns of `like` and `matches`, time zones and networks are fixed when a rule is compiled: literals, \
         params, and what is computed of them.";
    NUMBER = "E0305", "number-too-large", "a number does not fit its type",
        "Ints have 64 bits, decimals 38 digits of which 18 may stand after the point, durations are counted in microseconds.";
    REGEX = "E0306", "bad-regular-expression", "a regular expression cannot be read",
        "`matches` takes a regular expression that runs in linear time: no look-around, no back references, and a bound on its size.";
    NO_BOUND = "E0307", "history-without-bound", "a history function does not say how far it looks back",
        "Every history function has a bound, so that every rule has a bounded state: `over 10m`, `over last 5`, `over previous 1h`, \
         `over 1d before 1h`, or `over forever` where the state does not grow.";
    NO_HISTORY = "E0308", "no-history-here", "history functions cannot stand at this place",
        "They stand in `when`, `with` and the template of a rule of the form `on`, and in the `where` of a step. The `where` of `on` decides \
         what the history is made of, so it cannot look at it.";
    NESTED_HISTORY = "E0309", "history-in-history", "a history function stands inside of another",
        "An argument or filter sees one event and, through `prev(x)`, those before it. An aggregate of aggregates takes a \
         `derive` that makes a stream of the inner one.";
    GROWS = "E0310", "unbounded-history", "this history would grow for ever",
        "Counts, sums and extremes since a key's first event take constant space. Distinct values, percentiles and modes have to \
         remember the values, so they take a bounded window.";
    HISTORY_FORM = "E0311", "no-such-window", "the function does not take this window or filter",
        "`prev` looks at one event, `ewma` has its half life, `first_seen` looks back from the event at hand, and functions of the \
         library look at their arguments alone.";
    LITERAL = "E0312", "bad-literal", "a constant is not what it has to be",
        "`time(\"...\")` takes RFC 3339 text, `point(lat, lon)` degrees in their range, time zones have their names from the tz \
         database, networks are written `10.0.0.0/8`.";
    SCALE = "E0313", "too-many-digits", "a decimal has too many digits after its point",
        "Decimals are exact, so the digits of a product add up, to 18 at most. `round(x, n)` takes digits away; a value that is \
         written for a field has no more digits than the field.";
    TOO_LARGE = "E0314", "expression-too-large", "an expression is too large with its `let`s put in",
        "A `let` is put in where it is used, so that `let`s of `let`s multiply. There is a bound on what comes out.";
    SLOT_TYPES = "E0315", "types-differ-between-streams", "a field has different types in the streams of a rule",
        "A bare name has one type in all streams that the rule reads. Give the clauses names and say which is meant: `d.amount`.";
    KEY_TYPES = "E0316", "keys-do-not-join", "keys of different types or lengths cannot join",
        "All streams of a rule have keys of the same parts, with the same types: an int never equals a text.";
    RANGE = "E0317", "out-of-range", "a constant lies outside of what its place takes",
        "Durations of windows are not negative, counts are 1 at least, percentiles lie between 0 and 100.";
    PATH = "E0318", "bad-path", "a path into the input cannot be read",
        "Paths name members with dots and elements of lists with brackets, from 0: `data.items[0].id`.";
    TYPE_FORM = "E0319", "bad-type", "a type is not written as one",
        "`decimal(2)` says how many digits stand after the point, `time(ms)` in which unit a number counts, `list of text` what is in \
         the list.";
    EMPTY_RANGE = "E0320", "empty-range", "nothing lies between these ends",
        "`between a and b` includes both ends, and the smaller one stands first.";
    OVERRIDE = "E0321", "bad-param-value", "a value given for a param does not fit it",
        "Values of params from outside are written as in a rule file: texts in double quotes, durations with their unit, lists in \
         brackets. They are of the type of the declared value; a decimal may have more digits.";
}
