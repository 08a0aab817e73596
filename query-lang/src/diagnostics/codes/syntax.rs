//! E01xx: text that is not of the language.

super::codes! {
    UNEXPECTED = "E0101", "unexpected-token", "something else was expected at this place",
        "The text does not fit the grammar here. The message lists everything that could stand at the place. Line breaks \
         mean nothing, so the cause is often something missing at the end of the line before.";
    UNKNOWN_CHARACTER = "E0102", "unknown-character", "this character is not part of the language",
        "Outside of texts and comments only letters, digits and the language's own signs can stand. Quotes must be \
         straight double quotes, a comment begins with two hyphens.";
    NOT_CLOSED = "E0103", "not-closed", "a text, name or bracket is opened and not closed",
        "Every text ends at a double quote on the same line, every backquoted name at a backquote, every bracket at its \
         counterpart. A line break in a text is written `\\n`.";
    BAD_ESCAPE = "E0104", "bad-escape", "an escape in a text is not known",
        "Texts know the escapes `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u{1F4A9}` (the hexadecimal number of a character). \
         A backslash itself is written twice.";
    BAD_NUMBER = "E0105", "bad-number", "a number or duration is not written as one",
        "Numbers are `12`, `12.50` and `1.5e3`. A duration is a whole number with one unit directly behind it: \
         `us`, `ms`, `s`, `m`, `h` or `d`; `90m` instead of `1h30m`.";
    RESERVED = "E0106", "reserved-word", "a word of the language is used as a name",
        "The words `true false null not if no any all each` cannot be told from names by their place. In backquotes each of \
         them can be a name. All other words can be names as they are.";
    OUT_OF_ORDER = "E0107", "clause-out-of-order", "a clause stands behind one that it belongs before",
        "Clauses stand in one order, so that every rule reads alike: metadata, `by`, `within`, `runs`, `on` with `when` or \
         `match` with `without` and `after match skip`, `suppress`, `alert` with `with` and `to`, `repeat`, `resolve`. The \
         limits of a step stand before its `where`.";
    TWICE = "E0108", "clause-twice", "a clause that can stand once stands twice",
        "A clause of this kind is given once at most; two of them would contradict each other. Remove one.";
    CHAINED = "E0109", "chained-comparison", "comparisons cannot be chained",
        "`a < b < c` would compare a truth value with `c`. Write `a < b and b < c`, or `b between a and c` when both ends are included.";
    TOO_DEEP = "E0110", "too-deep", "this nests deeper than the language allows",
        "Brackets, calls and patterns may stand in each other up to a fixed depth, and so may chains of operators other than \
         `and` and `or`. Name parts of the expression with `let`, or use a list: `x in [1, 2, 3]`.";
    TEMPLATE = "E0111", "template-brace", "a brace in a template has no counterpart",
        "In a template `{expr}` puts in a value. A brace that is meant as text is written twice: `{{` or `}}`.";
    NO_ITEM = "E0112", "not-an-item", "no item begins like this",
        "A file is a sequence of items: `stream`, `table`, `param`, `let`, `rule`, `derive`, `view` and `test`.";
    TOO_LARGE = "E0113", "count-too-large", "a count or the file itself is larger than can be handled",
        "Counts in a pattern are at most 4294967295, and a file has at most that many bytes.";
    TWO_FORMS = "E0114", "two-forms", "a rule is either of the form `on` or of the form `match`",
        "A rule looks at single events (`on ... when`) or at sequences (`match ... then`). For both write two rules: the \
         alerts of the first are a stream under its name that the second can read.";
}
