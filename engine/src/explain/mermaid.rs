//! A drawing as a Mermaid flowchart.

use std::fmt::Write;

use super::drawing::{Drawing, Shape};

/// A `flowchart` with a subgraph for each frame.
pub(super) fn render(drawing: &Drawing) -> String {
    let mut out = String::from("flowchart LR\n");
    for (frame, title) in drawing.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph f{frame}[{}]", quoted(title));
        for (id, node) in drawing.nodes.iter().enumerate().filter(|(_, node)| node.frame == frame) {
            let (open, close) = match node.shape {
                Shape::Start => ("((", "))"),
                Shape::Box => ("[", "]"),
                Shape::Diamond => ("{", "}"),
                Shape::End => ("(((", ")))"),
            };
            let _ = writeln!(out, "    n{id}{open}{}{close}", quoted(&node.label));
        }
        out.push_str("  end\n");
    }
    for arrow in &drawing.arrows {
        let line = if arrow.dashed { "-.->" } else { "-->" };
        let label = if arrow.label.is_empty() { String::new() } else { format!("|{}|", quoted(&arrow.label)) };
        let _ = writeln!(out, "  n{} {line}{label} n{}", arrow.from, arrow.to);
    }
    out
}

/// In quotes, with what Mermaid or HTML would read as its own written as entities.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\n' => out.push_str("<br/>"),
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
