//! Random views, and rules that look things up in them: over streams, over what other rules make, and in each other.

use crate::draw::Draw;
use crate::rules::{filter, keys, span, streams, threshold};

/// Two views, sometimes with a `derive` that looks up one of them, and a rule. A rule's pattern is plain: what is drawn
/// here is where look-ups stand.
pub fn file(draw: &mut Draw) -> String {
    let has_derived = draw.once_in(2);
    let derived = if has_derived { derived(draw) } else { String::new() };
    let (one, two) = (view(draw, "one", "k", false), view(draw, "two", "(k, w)", has_derived));
    let rule = match draw.below(4) {
        3 => pattern(draw),
        _ => threshold(draw),
    };
    let rule = looking_up(&rule).replace("{w} {n} {at}", "{w} {n} {at} {one[k].n} {two[w, k].x} {one[w].x}");
    let rule =
        if has_derived && draw.once_in(2) { rule.replace("on s", "on made").replace(": s", ": made") } else { rule };
    format!("{}\n{one}{derived}{two}{rule}", streams(draw))
}

/// Looks things up where other conditions stood.
fn looking_up(text: &str) -> String {
    text.replace("x is null", "w not in one")
        .replace("w like \"u*\"", "one[w].n >= x")
        .replace("w matches \"[uv]\"", "two[k, w].x == x")
        .replace("x in [0, 2]", "(k in one and one[k].n < 3)")
        .replace("sum(x", "sum(two[k, w].x")
}

fn derived(draw: &mut Draw) -> String {
    let (stream, filter) = (draw.pick(&["s", "t"]), looking_up_one(&filter(draw)));
    format!("derive made {{ by w on {stream}{filter} emit k, w, x, n = one[k].n }}\n")
}

fn view(draw: &mut Draw, name: &str, key: &str, has_derived: bool) -> String {
    let mut on = String::new();
    let first = if has_derived && draw.once_in(2) { "made" } else { draw.pick(&["s", "t"]) };
    for stream in [first, draw.pick(&["t", "s"])] {
        if on.is_empty() || draw.once_in(3) && stream != first {
            let filter = filter(draw);
            // The first view looks nothing up: the second one does.
            let filter = if name == "two" { looking_up_one(&filter) } else { filter };
            on.push_str(&format!(" on {stream}{filter}"));
        }
    }
    let filtered = if draw.once_in(3) { "where x > 0" } else { "" };
    let n = format!("count({filtered}) {}", window(draw, true));
    let function =
        draw.pick(&["sum(x)", "last(x)", "max(x)", "first(x)", "distinct(x)", "mode(x)", "sum(x - prev(x))"]);
    let x = format!("{function} {}", window(draw, !matches!(function, "distinct(x)" | "mode(x)")));
    format!("view {name} {{ by {key}{on} emit n = {n}, x = {x} }}\n")
}

fn window(draw: &mut Draw, may_be_forever: bool) -> String {
    match draw.below(5) {
        0 | 1 => format!("over {}", span(draw)),
        2 => format!("over last {}", 1 + draw.below(3)),
        3 => format!("over {} before {}", span(draw), span(draw)),
        _ if may_be_forever => "over forever".to_owned(),
        _ => "over 8s".to_owned(),
    }
}

/// As [`looking_up`], in the first view alone.
fn looking_up_one(text: &str) -> String {
    text.replace("x is null", "w not in one")
        .replace("w like \"u*\"", "one[w].n >= x")
        .replace("x in [0, 2]", "k in one")
}

fn pattern(draw: &mut Draw) -> String {
    let (a, no, b) = (filter(draw), filter(draw), filter(draw));
    let wait = draw.pick(&["", "+ greedy over 3s"]);
    format!(
        "rule r {{\n{}  within 20s\n  match a: s{a}\n  then no t{no}\n  then b: s{wait}{b}\n  alert low \"{{w}} {{at}}\" \
         with w = a.w\n}}\n",
        keys(draw)
    )
}
