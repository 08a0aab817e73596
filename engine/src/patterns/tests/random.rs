//! Random patterns of the whole grammar on random streams: what the watermark or an interruption must not change.

use proptest::prelude::*;

use super::notation::find;

fn quant() -> impl Strategy<Value = String> {
    let shape =
        prop_oneof![Just(""), Just("?"), Just("*"), Just("+"), Just("{2}"), Just("{2,}"), Just("{1,2}"), Just("{0,2}")];
    let words = prop_oneof![
        3 => Just(""),
        1 => Just(" greedy"),
        1 => Just(" each"),
        1 => Just(" greedy each"),
        1 => Just(" consecutive"),
        1 => Just(" greedy consecutive")
    ];
    (shape, words).prop_map(|(shape, words)| {
        let limit = if words.contains("each") { " limit 4" } else { "" };
        if shape.is_empty() { String::new() } else { format!("{shape}{words}{limit}") }
    })
}

fn limits() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => (1..9).prop_map(|n| format!(" within {n}")), 1 => (1..9).prop_map(|n| format!(" over {n}"))]
}

fn letter() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b"), Just("c"), Just("x")]
}

fn element() -> impl Strategy<Value = String> {
    let step = (letter(), quant(), limits()).prop_map(|(letter, quant, limits)| format!("{letter}{quant}{limits}"));
    step.prop_recursive(2, 8, 3, |inner| {
        let member = prop_oneof![
            3 => inner.clone(),
            1 => (letter(), 1..6).prop_map(|(letter, n)| format!("no {letter} for {n}")),
            1 => seq(inner.clone()).prop_map(|seq| format!("({seq})")),
        ];
        let members = proptest::collection::vec(member, 2..4);
        let kind = prop_oneof![Just("any"), Just("all"), Just("2")];
        prop_oneof![
            (seq(inner), quant(), limits()).prop_map(|(seq, quant, limits)| format!("({seq}){quant}{limits}")),
            (kind, members).prop_map(|(kind, members)| format!("{kind} of ({})", members.join(", "))),
        ]
    })
}

fn seq(element: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let link = prop_oneof![4 => Just("then"), 2 => Just("next"), 1 => Just("then each")];
    let no = prop_oneof![5 => Just(String::new()), 1 => letter().prop_map(|l| format!(" then no {l}")),
        1 => (letter(), 1..6).prop_map(|(l, n)| format!(" then no {l} for {n}")),
        1 => letter().prop_map(|l| format!(" next no {l}"))];
    let more = proptest::collection::vec((no, link, element.clone()), 0..3);
    (element, more).prop_map(|(first, more)| {
        let more: String = more
            .into_iter()
            .map(|(no, link, element)| {
                let limit = if link == "then each" && !element.contains("limit") { " limit 4" } else { "" };
                format!("{no} {link} {element}{limit}")
            })
            .collect();
        format!("{first}{more}")
    })
}

/// A pattern of the grammar; some of them never match.
pub(super) fn pattern() -> impl Strategy<Value = String> {
    let within = prop_oneof![
        Just(String::new()),
        (2..15).prop_map(|n| format!("within {n} ")),
        (2..9).prop_map(|n| format!("within {n} events "))
    ];
    let runs = prop_oneof![4 => Just(""), 1 => Just("runs 1 "), 1 => Just("runs 3 "), 1 => Just("runs latest ")];
    let last =
        prop_oneof![5 => Just(""), 1 => Just(" then no x for 3"), 1 => Just(" next no x"), 1 => Just(" then no x")];
    let without = prop_oneof![4 => Just(""), 1 => Just(" without y")];
    let skip = prop_oneof![3 => Just(" skip none"), 2 => Just(""), 1 => Just(" skip next")];
    (within, runs, seq(element().boxed()), last, without, skip)
        .prop_map(|(within, runs, seq, last, without, skip)| format!("{within}{runs}match {seq}{last}{without}{skip}"))
}

/// Events and their gaps; some fit two steps.
fn events() -> impl Strategy<Value = Vec<(&'static str, i64)>> {
    let letters = prop_oneof![4 => Just("a"), 4 => Just("b"), 3 => Just("c"), 2 => Just("x"), 1 => Just("y"),
        1 => Just("z"), 1 => Just("ab"), 1 => Just("bx"), 1 => Just("ac")];
    proptest::collection::vec((letters, 0i64..4), 0..14)
}

/// A stream, with the watermark moved up to each event before it where `ticks`.
fn stream(events: &[(&'static str, i64)], ticks: bool) -> String {
    let mut now = 0;
    let line = |(letters, gap): &(&str, i64)| {
        now += gap;
        let tick = if ticks { format!(".{now} ") } else { String::new() };
        format!("{tick}{letters}{now} ")
    };
    events.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn neither_the_watermark_nor_an_interruption_changes_anything(pattern in pattern(), events in events()) {
        let whole = find(&pattern, &stream(&events, false), true, false);
        prop_assert_eq!(&find(&pattern, &stream(&events, true), true, false), &whole, "ticks: {}", pattern);
        prop_assert_eq!(&find(&pattern, &stream(&events, false), true, true), &whole, "read back: {}", pattern);
        prop_assert_eq!(&find(&pattern, &stream(&events, true), false, false), &whole, "strategy: {}", pattern);
    }
}
