; What editors colour. Later patterns win.

(identifier) @variable
(quoted) @variable
(comment) @comment
(text) @string
(template) @string.special
[(integer) (decimal) (float) (duration)] @number
(boolean) @constant.builtin
(null) @constant.builtin
(severity) @constant

(type (identifier) @type)
(call function: (identifier) @function)
(member (identifier) @property)
(field name: (identifier) @property)
(value name: (identifier) @property)
(named name: (identifier) @property)
(step name: (identifier) @label)
(on name: (identifier) @label)
(step stream: (identifier) @type)
(on stream: (identifier) @type)
(event stream: (identifier) @type)

(stream name: (identifier) @type.definition)
(table name: (identifier) @type.definition)
(rule name: (identifier) @type.definition)
(derive name: (identifier) @type.definition)
(view name: (identifier) @type.definition)
(param name: (identifier) @constant)
(let name: (identifier) @function)

[
  "stream" "table" "param" "let" "rule" "derive" "view" "test" "timed" "by" "late" "ahead" "idle" "unique" "key" "from"
  "title" "owner" "runbook" "tags" "references" "on" "when" "for" "where" "within" "events" "forever" "runs" "latest"
  "match" "then" "next" "each" "no" "any" "all" "of" "without" "after" "skip" "past" "last" "event" "to" "first" "none"
  "greedy" "consecutive" "over" "until" "limit" "previous" "before" "approx" "suppress" "alert" "every" "with" "repeat"
  "resolve" "zone" "session" "emit" "having" "at" "arriving" "end" "expect" "nothing" "resolved" "if" "else"
] @keyword

["and" "or" "not" "in" "is" "between" "like" "matches"] @keyword.operator
["==" "!=" "<" "<=" ">" ">=" "=" "+" "-" "*" "/" "%"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" "."] @punctuation.delimiter
