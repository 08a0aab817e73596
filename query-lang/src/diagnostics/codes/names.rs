//! E02xx: names that mean nothing, or two things.

super::codes! {
    UNKNOWN = "E0201", "unknown-name", "nothing of this name is known at this place",
        "A bare name is a field of the event at hand, a part of the key, a `with` field, a `let` or a `param`. A step's fields \
         stand behind its name: `hit.amount`. After `match` there is no event at hand, so every field stands behind its step.";
    DUPLICATE = "E0202", "declared-twice", "a name or value is given twice",
        "Streams, tables, rules, derives and views share one set of names, params and lets another. Fields of a stream, parts of a \
         key, steps of a pattern and fields of an alert are each named once as well.";
    UNKNOWN_STREAM = "E0203", "unknown-stream", "no stream has this name",
        "Streams are declared by `stream NAME { ... }` in any of the files that are compiled together, in any order.";
    UNKNOWN_FIELD = "E0204", "unknown-field", "there is no field of this name",
        "The fields of a stream are those of its declaration; input fields that are not declared are not known to rules. The \
         fields of an alert are the parts of its key and its `with` fields.";
    UNKNOWN_FUNCTION = "E0205", "unknown-function", "no function has this name",
        "Functions are those of the library, the history functions, and `let`s with arguments.";
    UNKNOWN_RULE = "E0206", "unknown-rule", "no rule has this name",
        "A test expects alerts of rules that are compiled together with it.";
    UNKNOWN_PARAM = "E0207", "unknown-param", "no param has this name",
        "Values from the command line, the configuration or a test take the place of params that a rule file declares: \
         `param floor = 500.00`.";
    UNKNOWN_TYPE = "E0208", "unknown-type", "no type has this name",
        "Fields are of type `bool`, `int`, `float`, `decimal(scale)`, `text`, `time`, `duration`, `point` or `list of` one of them, with a \
         `?` behind it where the field may be missing.";
    RECURSION = "E0209", "let-uses-itself", "a `let` is defined by itself",
        "A `let` is put in where it is used. One that used itself, directly or through another, would never end.";
    NOT_VISIBLE = "E0210", "not-visible-here", "the name is known, but not at this place",
        "Conditions see the steps before them, `with` fields see the `with` fields before them, and a step hands its key over to \
         later ones.";
    NOT_IN_EVERY = "E0211", "not-in-every-stream", "a field is not in every stream that the rule reads",
        "A rule that reads several streams sees by bare name what all of them have, with one type. What one of them has stands \
         behind the name of its clause: `on d: deposit` and `d.cash`; it is missing for events of the others.";
    NO_FIELDS = "E0212", "no-fields", "a dot stands behind something that has no fields",
        "Fields stand behind the name of a step (`hit.amount`), a clause (`d.amount`) or a looked-up row (`table[key].field`).";
    RESERVED_AT = "E0213", "at-is-taken", "`at` always means the event's time",
        "Whatever the field of a stream is called that holds its event time: `at` is that time. So nothing else can be called `at`, \
         except this field itself.";
    MISSING = "E0214", "missing-clause", "a clause that has to be there is missing",
        "A stream says by `timed by` which field is the event's time. A rule says by `alert` what to tell.";
    SEVERITY = "E0215", "unknown-severity", "an alert has one of five severities",
        "Severities are `info`, `low`, `medium`, `high` and `critical`.";
    CYCLE = "E0216", "rules-in-a-circle", "a rule reads its own output, directly or through others",
        "Every rule's alerts and every `derive` are a stream under its name, which other rules may read. A rule whose output came back \
         to it would have no first event: take one of the rules on the way out of the circle.";
    MADE = "E0217", "stream-is-made", "a test gives events of a stream that a rule makes",
        "The events of a rule's stream are its alerts, those of a `derive` its rows. A test gives the events that they are made from, \
         of streams that are declared by `stream`.";
    UNSETTLED = "E0218", "stream-without-bound", "a rule is read as a stream, and its alerts may come long after their time",
        "A `greedy` loop at the end of a pattern and a last `next no X` alert with the time of the last matched event, but only when a \
         later event, or the end of the input, has shown that the match is over. Rules that read them wait that long for every event, \
         so there has to be a bound: a `within` of the rule, or an `over` on the loop.";
    WINDOW = "E0219", "no-window-here", "a window cannot stand here",
        "A window cuts the events of `on` into pieces of time. Matches come first into a stream of their own: derive them, and make windows \
         of that derive's rows. Which events a window takes is said by `on .. where`, which rows it gives by `having`.";
}
