//! Random rules of the kinds that real rules have: keys per step and handed over, histories in conditions, rules on rules,
//! windows. Their patterns are plain; what is drawn here is what stands around them.

use crate::draw::Draw;
use crate::rules::{filter, local, span, streams};

/// Keys per step, handed-over keys, named key expressions, histories in steps, `without .. by`.
pub fn keyed_file(draw: &mut Draw) -> String {
    let (rule_key, a, b, no) = match draw.below(6) {
        0 => ("  by k\n", "", "", ""),
        1 => ("", " by k", " by w", " by k"),
        2 => ("", " by (id: k)", " by (id: w)", " by (id: w)"),
        3 => ("", " by k", " by k == a.k", " by w == a.k"),
        4 => ("", " by k", " by w == a.w", " by k == a.k"),
        _ => ("", " by (k, parity: x % 2)", " by (k, parity: (x + 1) % 2)", " by (k, parity: x % 2)"),
    };
    let within =
        [format!("  within {}\n", span(draw)), "  within forever\n".to_string(), "  within 4 events\n".to_string()];
    let within = &within[draw.below(3) as usize];
    let runs = draw.pick(&["", "", "  runs 1\n", "  runs 2\n", "  runs latest\n"]);
    // What stands first takes no key from a step behind it.
    let first = if no.contains("==") { " by k" } else { no };
    let leading = match draw.below(6) {
        5 => format!("no {}{first} for {}{} then ", draw.pick(&["t", "s"]), span(draw), filter(draw)),
        _ => String::new(),
    };
    let mut seq = format!("{leading}a: s{a}{}", condition(draw, "", a.is_empty()));
    let word = draw.pick(&["then", "then", "next"]);
    if draw.once_in(3) {
        seq.push_str(&format!(" then no {}{no}{}", draw.pick(&["t", "s"]), filter(draw)));
    }
    let times = draw.pick(&["", "", "", "{2}", "+ greedy over 3s", "?"]);
    let second = draw.pick(&["t", "s"]);
    seq.push_str(&format!(" {word} b: {second}{b}{times}{}", condition(draw, "a", false)));
    let last = draw.below(4);
    // A `no` before an optional step and another absence is not compared.
    if last == 3 && times != "?" {
        seq.push_str(&format!(" then no s{no} for {}{}", span(draw), filter(draw)));
    } else if last == 2 || times == "?" {
        seq.push_str(&format!(" then c: {}{b}{}", draw.pick(&["s", "t"]), condition(draw, "a", false)));
    }
    let without = match draw.below(4) {
        3 => format!("  without {}{no}{}\n", draw.pick(&["t", "s"]), filter(draw)),
        _ => String::new(),
    };
    let skip = draw.pick(&["past last event", "none", "to next event", "to first a"]);
    let shown = if times.is_empty() || times == "?" { "b.x" } else { "sum(b.x)" };
    let suppress = if draw.once_in(6) { format!("  suppress {}\n", span(draw)) } else { String::new() };
    format!(
        "{}\nrule r {{\n{rule_key}{within}{runs}  match {seq}\n{without}  after match skip {skip}\n{suppress}  alert low \
         \"{{a.w}} {{at}}\" with ax = a.x, bx = {shown}\n}}\n",
        streams(draw)
    )
}

/// What a step asks for: the event alone, the step before, or the events before.
fn condition(draw: &mut Draw, before: &str, may_seen: bool) -> String {
    let history = match draw.below(12) {
        0 => format!("count({}) over {} >= {}", inner(draw), span(draw), 1 + draw.below(3)),
        1 => format!("sum(x) over {} > {}", span(draw), draw.below(4)),
        2 if may_seen => format!("first_seen(w) over {}", span(draw)),
        3 => format!("x >= prev(x) over {}", span(draw)),
        4 => "x != prev(x, 2)".to_string(),
        5 if !before.is_empty() => format!("x {} {before}.x", draw.pick(&[">=", "==", "<", "!="])),
        6 if !before.is_empty() => format!("w == {before}.w"),
        7 => format!("max(x) over previous {} < x", span(draw)),
        8 => format!("distinct(w) over {} >= 2", span(draw)),
        9 => format!("percentile(x, 50) over {} <= x", span(draw)),
        _ => local(draw),
    };
    format!(" where {history}")
}

fn inner(draw: &mut Draw) -> String {
    if draw.once_in(3) { format!("where {}", local(draw)) } else { String::new() }
}

/// An aggregate that `rules` does not draw.
fn rarer(draw: &mut Draw) -> String {
    let window = match draw.below(4) {
        0 => format!("over {}", span(draw)),
        1 => format!("over last {}", 1 + draw.below(4)),
        2 => format!("over previous {}", span(draw)),
        _ => format!("over {} before {}", span(draw), span(draw)),
    };
    match draw.below(8) {
        0 => format!("stddev(x) {window}"),
        1 => format!("percentile(x, {}) {window}", [50, 0, 100, 75][draw.below(4) as usize]),
        2 => format!("mode(w) {window}"),
        3 => format!("mode_count(w) {window}"),
        4 => format!("ewma(x, {})", span(draw)),
        5 => format!("collect(w where {}) {window}", local(draw)),
        6 => format!("last(w where {}) {window}", local(draw)),
        _ => format!("avg(x where {}) {window}", local(draw)),
    }
}

/// Two rules, of which the second reads the first: rows per event, windows, alerts.
pub fn staged_file(draw: &mut Draw) -> String {
    let keys = draw.pick(&["  by k\n", "", "  by w\n"]);
    let first = match draw.below(5) {
        0 => format!("derive d {{\n{keys}  on s{}\n  emit *, n = count() over {}\n}}\n", filter(draw), span(draw)),
        1 => {
            let every = draw.pick(&["5s", "2s over 6s", "session 3s", "3 events"]);
            format!(
                "derive d {{\n{keys}  on s{}\n  every {every}\n  emit x = sum(x), n = count(), w = last(w)\n}}\n",
                filter(draw)
            )
            .replace("every session", "session")
        }
        2 => format!(
            "rule d {{\n{keys}  on s{}\n  alert every event low \"d\" with x = sum(x) over {}, w = w\n}}\n",
            filter(draw),
            span(draw)
        ),
        3 => format!(
            "rule d {{\n{keys}  within {}\n  match a: s{} then b: s{}\n  after match skip none\n  alert low \"d\" with x = b.x, w = a.w\n}}\n",
            span(draw),
            filter(draw),
            filter(draw)
        ),
        _ => format!(
            "rule d {{\n{keys}  on s{}\n  when x > {}\n  alert low \"d\" with x = x, w = w\n}}\n",
            filter(draw),
            draw.below(3)
        ),
    };
    let key = match keys {
        "  by k\n" => draw.pick(&["  by k\n", "", "  by w\n"]),
        "  by w\n" => draw.pick(&["  by w\n", ""]),
        _ => draw.pick(&["", "  by w\n"]),
    };
    let second = match draw.below(4) {
        0 => format!(
            "{key}  on d\n  when count() over {} >= 2\n  alert high \"{{n}}\" with n = {}\n",
            span(draw),
            rarer(draw)
        ),
        1 => format!("{key}  on d\n  alert every event high \"{{n}}\" with n = {}\n", rarer(draw)),
        2 => format!(
            "{key}  within {}\n  match p: d then q: {}{}\n  after match skip {}\n  alert high \"two\" with px = p.x, qx = q.x\n",
            span(draw),
            draw.pick(&["d", "s"]),
            filter(draw),
            draw.pick(&["none", "past last event"])
        ),
        _ => format!(
            "{key}  match p: d then no s for {}{}\n  alert high \"alone\" with px = p.x\n",
            span(draw),
            filter(draw)
        ),
    };
    let within = if second.contains("match p: d then no") {
        second.replacen("  match", "  within forever\n  match", 1)
    } else {
        second
    };
    format!("{}\n{first}rule r {{\n{within}}}\n", streams(draw))
}
