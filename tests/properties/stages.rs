//! Random rules that need more than one stage, or more than events: rules over rules whose alerts come late, keys of a table.

use crate::draw::Draw;
use crate::rules::{filter, lasting, span, suppress};

/// A rule whose alerts come after their time, and one that reads them beside events from outside.
pub fn over_rules(draw: &mut Draw) -> String {
    let (a, b, wait) = (filter(draw), filter(draw), span(draw));
    let made = format!(
        "rule made {{\n  by k\n  within 20s\n  match a: s{a}\n  then b: s+ greedy over {wait}{b}\n  alert info \"{{k}}\" with n = \
         count(b)\n}}\n"
    );
    let reader = match draw.below(3) {
        0 => format!(
            "  by k\n  on made\n  on s{}\n  when count() over {} >= 2\n  alert high \"{{k}} {{at}}\"\n",
            filter(draw),
            span(draw)
        ),
        1 => format!(
            "  {}  match m: made\n  then e: s within {}{}\n  alert high \"{{m.n}} {{e.at}}\"\n",
            draw.pick(&["by k\n", ""]),
            span(draw),
            filter(draw)
        ),
        _ => {
            format!("  by k\n  match e: s{}\n  then no made for {}\n  alert high \"{{k}}\"\n", filter(draw), span(draw))
        }
    };
    format!("{made}rule r {{\n{reader}}}\n")
}

/// A silence, or windows, of the keys of a table.
pub fn listed(draw: &mut Draw) -> String {
    if draw.below(2) == 0 {
        let (stream, hold, filter) = (draw.pick(&["s", "t"]), span(draw), filter(draw));
        let mut rule = format!("rule r {{\n  by k in owners\n  match no {stream} for {hold}{filter}\n");
        suppress(draw, &mut rule, "");
        rule.push_str("  alert low \"{k} {at}\"\n");
        lasting(draw, &mut rule);
        return format!("{rule}}}\n");
    }
    let over = if draw.below(2) == 1 { format!(" over {}", span(draw)) } else { String::new() };
    format!(
        "derive d {{\n  by k in owners\n  on s{}\n  every {}{over}\n  emit k, n = count(), t = sum(x), l = last(w)\n}}\nrule r {{ on d alert \
         low \"{{k}} {{n}} {{t}} {{l}} {{start}} {{end}}\" }}\n",
        filter(draw),
        span(draw),
    )
}
