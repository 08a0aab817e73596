/// Tripline's rule language for tree-sitter. The rules follow docs/language/grammar.md production by production.
/// `node build.mjs` makes src/grammar.json of it, `UPDATE=1 cargo test -p tree-sitter-tripline` src/parser.c of that.

const commas = (rule) => seq(rule, repeat(seq(",", rule)));
const brackets = (rule) => seq("(", commas(rule), ")");

module.exports = grammar({
  name: "tripline",
  word: ($) => $.identifier,
  extras: ($) => [/[\s\uFEFF]/, $.comment],
  conflicts: ($) => [[$.field]],

  rules: {
    file: ($) => repeat($._item),
    _item: ($) => choice($.stream, $.table, $.param, $.let, $.rule, $.derive, $.view, $.test),

    stream: ($) =>
      seq("stream", field("name", $._name), "{", repeat($.field), "}", optional(commas($._stream_option))),
    _stream_option: ($) =>
      choice(
        seq("timed", "by", $._name),
        seq(choice("late", "ahead", "idle"), $._bound),
        seq("unique", "by", choice($._name, brackets($._name)), "over", $._bound),
      ),
    table: ($) =>
      seq(
        "table", field("name", $._name), "key", choice($._name, brackets($._name)),
        "{", repeat($.field), "}", optional(seq("late", $._bound)),
      ),
    // A field may be called `from`.
    field: ($) =>
      seq(field("name", choice($._name, alias("from", $.identifier))), ":", $.type, optional(seq("from", $.text))),
    type: ($) =>
      choice(
        seq($._name, optional(seq("(", choice($.integer, $._name), ")")), optional("?")),
        seq("list", "of", $.type),
      ),
    param: ($) => seq("param", field("name", $._name), "=", $._expression),
    let: ($) =>
      seq("let", field("name", $._name), optional(seq("(", optional(commas($._name)), ")")), "=", $._expression),

    // That a rule alerts and a derive emits is asked for by a later stage, as in the compiler.
    rule: ($) =>
      seq(
        "rule", field("name", $._name), "{",
        repeat($.metadata), optional($.by), choice($._threshold, $._pattern), optional($.suppress),
        optional($.alert), optional($.repeat), optional($.resolve),
        "}",
      ),
    derive: ($) =>
      seq(
        "derive", field("name", $._name), "{",
        optional($.by), choice(repeat1($.on), $._pattern), optional($.window), optional($.emit), optional($.having),
        "}",
      ),
    view: ($) => seq("view", field("name", $._name), "{", optional($.by), repeat1($.on), optional($.emit), "}"),

    metadata: ($) =>
      choice(seq(choice("title", "owner", "runbook"), $.text), seq(choice("tags", "references"), $._expression)),
    by: ($) => seq("by", $._keys, optional(seq("in", $._name))),
    // Without brackets the `in` of a table of keys ends it.
    _keys: ($) => choice(alias($._single_key, $.key), brackets($.key)),
    _single_key: ($) => choice($._name, seq($._name, ":", $._sum), $._handed_over),
    key: ($) => choice($._name, seq($._name, ":", $._expression), $._handed_over),
    _handed_over: ($) => seq($._name, "==", $._name, ".", $._name),
    _threshold: ($) => seq(repeat1($.on), optional($.when)),
    on: ($) => seq("on", optional(seq(field("name", $._name), ":")), field("stream", $._name), optional($.where)),
    when: ($) => seq("when", $._expression, optional(seq("for", $._bound))),
    where: ($) => seq("where", $._expression),

    _pattern: ($) =>
      seq(
        optional(seq("within", $._span)), optional(seq("runs", choice($._bound, "latest"))),
        $.match, repeat($.without), optional($.after),
      ),
    _span: ($) => choice(seq($._bound, optional("events")), "forever"),
    match: ($) => seq("match", $._sequence),
    _sequence: ($) => seq($._element, repeat(seq($.link, $._element))),
    link: ($) => choice("then", "next", seq("then", "each")),
    _element: ($) => choice($.step, $.absence, $.group, $.bracket),
    step: ($) =>
      seq(
        optional(seq(field("name", $._name), ":")), field("stream", $._name),
        optional($.quantifier), repeat($._limit), optional($.where),
      ),
    absence: ($) => seq("no", $._absent),
    without: ($) => seq("without", $._absent),
    _absent: ($) =>
      seq(field("stream", $._name), optional(seq("by", $._keys)), optional(seq("for", $._bound)), optional($.where)),
    group: ($) => seq(choice("any", "all", $.integer, $._name), "of", brackets($._element), repeat($._limit)),
    bracket: ($) => seq("(", $._sequence, ")", optional($.quantifier), repeat($._limit)),
    _times: ($) => choice($.integer, $._name),
    quantifier: ($) =>
      seq(
        choice("?", "*", "+", seq("{", $._times, optional(seq(",", optional($._times))), "}")),
        repeat(choice("greedy", "each", "consecutive")),
      ),
    _limit: ($) =>
      choice(
        seq("by", $._keys), seq(choice("over", "within"), $._bound), seq("until", $._expression), seq("limit", $._bound),
      ),
    after: ($) =>
      seq(
        "after", "match", "skip",
        choice(
          seq("past", "last", "event"), seq("to", "next", "event"), seq("to", choice("first", "last"), $._name), "none",
        ),
      ),

    suppress: ($) => seq("suppress", $._bound, optional(seq("by", commas($._expression)))),
    alert: ($) =>
      seq(
        "alert", optional(seq("every", "event")), $.severity, alias($.text, $.template),
        optional($.with), optional(seq("to", commas($._name))),
      ),
    severity: ($) => choice("info", "low", "medium", "high", "critical"),
    with: ($) => seq("with", commas($.named)),
    named: ($) => seq(field("name", $._name), "=", $._expression),
    repeat: ($) => seq("repeat", $._bound),
    resolve: ($) => seq("resolve", alias($.text, $.template)),
    window: ($) =>
      choice(
        seq("every", $._bound, optional(seq("over", $._bound)), optional(seq("in", "zone", $.text))),
        seq("every", $._bound, "events"),
        seq("session", $._bound),
      ),
    emit: ($) => seq("emit", commas(choice("*", $._name, $.named))),
    having: ($) => seq("having", $._expression),

    test: ($) => seq("test", field("name", $.text), "{", repeat($._line), "}"),
    _line: ($) => choice($.event, $.param, $.end, $.expect),
    // A stream may be called like what begins another line.
    event: ($) =>
      seq(
        field("stream", choice($._name, alias(choice("param", "end", "expect"), $.identifier))),
        $.values, "at", $._moment, optional(seq("arriving", $._moment)),
      ),
    end: ($) => seq("end", "at", $._moment),
    expect: ($) =>
      seq(
        "expect",
        choice(
          seq("no", $._name),
          seq("nothing", "else"),
          seq(
            choice($._name, alias("nothing", $.identifier)),
            $.values, optional(seq("at", $._moment)), optional("resolved"),
          ),
        ),
      ),
    values: ($) => seq("{", optional(commas($.value)), "}"),
    value: ($) => seq(field("name", $._name), ":", $._expression),
    _moment: ($) => choice($._bound, seq("-", $._bound), seq($._name, "(", commas($._expression), ")")),

    // Behind `else` an operator goes on with the last branch: so each of these takes what it can.
    _expression: ($) => prec.right(choice($.or, $._conjunction)),
    or: ($) => prec.right(seq($._expression, "or", $._conjunction)),
    _conjunction: ($) => prec.right(choice($.and, $._negation)),
    and: ($) => prec.right(seq($._conjunction, "and", $._negation)),
    _negation: ($) => prec.right(choice($.not, $._comparison)),
    not: ($) => prec.right(seq("not", $._negation)),
    _comparison: ($) => prec.right(choice($.comparison, $.between, $._sum)),
    comparison: ($) =>
      prec.right(
        seq(
          $._sum,
          choice(
            "==", "!=", "<", "<=", ">", ">=", seq("is", optional("not")), seq(optional("not"), choice("in", "like", "matches")),
          ),
          $._sum,
        ),
      ),
    between: ($) => prec.right(seq($._sum, optional("not"), "between", $._sum, "and", $._sum)),
    _sum: ($) => prec.right(choice($.sum, $._product)),
    sum: ($) => prec.right(seq($._sum, choice("+", "-"), $._product)),
    _product: ($) => prec.right(choice($.product, $._signed)),
    product: ($) => prec.right(seq($._product, choice("*", "/", "%"), $._signed)),
    _signed: ($) => prec.right(choice($.negative, $._member)),
    negative: ($) => prec.right(seq("-", $._signed)),
    _member: ($) => choice($.member, $.index, $._primary),
    member: ($) => prec.right(seq($._member, ".", $._name)),
    index: ($) => prec.right(seq($._member, "[", commas($._expression), "]")),
    _primary: ($) => choice($._literal, $.text, $.parentheses, $.list, $.call, $.conditional, $._name),
    parentheses: ($) => seq("(", $._expression, ")"),
    list: ($) => seq("[", optional(commas($._expression)), "]"),
    conditional: ($) => prec.right(seq("if", $._expression, "then", $._expression, "else", $._expression)),
    call: ($) =>
      prec.right(
        seq(
          field("function", $._name), "(", optional(commas($._expression)), optional($.where), ")",
          optional($.over), optional("approx"),
        ),
      ),
    over: ($) =>
      prec.right(
        seq(
          "over",
          choice(
            seq($._bound, optional(seq("before", $._bound))),
            seq(choice("last", "previous"), $._bound),
            // A param may have that name.
            alias(choice("last", "previous"), $.identifier),
            "forever",
          ),
        ),
      ),
    _bound: ($) => choice($._literal, $._name, $.parentheses),

    _name: ($) => choice($.identifier, $.quoted),
    _literal: ($) => choice($.integer, $.decimal, $.float, $.duration, $.boolean, $.null),
    boolean: ($) => choice("true", "false"),
    null: ($) => "null",
    integer: ($) => /[0-9]+/,
    decimal: ($) => /[0-9]+\.[0-9]+/,
    float: ($) => /[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+/,
    duration: ($) => /[0-9]+(us|ms|s|m|h|d)/,
    text: ($) => /"([^"\\\n\r]|\\[^\n\r])*"/,
    quoted: ($) => /`[^`\n\r]*`/,
    identifier: ($) => /[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}_]*/,
    comment: ($) => token(seq("--", /[^\n]*/)),
  },
});
