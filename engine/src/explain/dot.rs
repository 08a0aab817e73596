//! A drawing for Graphviz.

use std::fmt::Write;

use super::drawing::{Drawing, Shape};

/// A `digraph` with a cluster for each frame.
pub(super) fn render(drawing: &Drawing) -> String {
    let mut out = String::from("digraph tripline {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
    for (frame, title) in drawing.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{frame} {{\n    label={};", quoted(title));
        for (id, node) in drawing.nodes.iter().enumerate().filter(|(_, node)| node.frame == frame) {
            let shape = match node.shape {
                Shape::Start => "circle",
                Shape::Box => "box",
                Shape::Diamond => "diamond",
                Shape::End => "doublecircle",
            };
            let _ = writeln!(out, "    n{id} [label={}, shape={shape}];", quoted(&node.label));
        }
        out.push_str("  }\n");
    }
    for arrow in &drawing.arrows {
        let style = if arrow.dashed { ", style=dashed" } else { "" };
        let _ = writeln!(out, "  n{} -> n{} [label={}{style}];", arrow.from, arrow.to, quoted(&arrow.label));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
