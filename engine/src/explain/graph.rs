//! The dataflow from streams to sinks, and an automaton for each rule.

use super::Explanation;
use super::drawing::{Arrow, Drawing, NodeId, Shape};
use super::streams::{decoded, keys};
use crate::patterns::picture::{Picture, Place, Way, WayKind};
use tripline_query_lang::plan::{Body, Element, Node, Pattern, Quant, Rule, StepId, StreamId, Threshold};
use tripline_query_lang::show::pattern::group_kind;
use tripline_query_lang::show::{Show, duration};

/// Everything in one drawing.
pub(super) fn of(explanation: &Explanation) -> Drawing {
    let mut drawing = Drawing::default();
    dataflow(explanation, &mut drawing);
    for (rule, machine) in explanation.plan.rules.iter().zip(&explanation.machines) {
        let show = Show::new(&explanation.plan, rule);
        let frame = drawing.frame(format!("{} {}", rule.word(), rule.name));
        match (&rule.body, machine) {
            (Body::Threshold(threshold), _) => episodes(show, rule, threshold, frame, &mut drawing),
            (Body::Pattern(pattern), Some(machine)) => {
                automaton(show, pattern, &machine.picture(), frame, &mut drawing);
            }
            (Body::Pattern(_), None) => {}
        }
    }
    drawing
}

/// Streams are decoded and asked, brought to their keys, and rules look at them.
fn dataflow(explanation: &Explanation, drawing: &mut Drawing) {
    let plan = &explanation.plan;
    let frame = drawing.frame("dataflow");
    let mut streams: Vec<NodeId> = Vec::new();
    for (index, stream) in plan.streams.iter().enumerate() {
        let asked = match explanation.conditions[index].len() {
            1 => "1 condition".to_owned(),
            conditions => format!("{conditions} conditions"),
        };
        let columns = decoded(stream, &explanation.decoded[index]);
        let verb = if stream.is_input() { "decode" } else { "with" };
        let label = format!("{}\n{verb} {columns}\n{asked}", stream.name);
        streams.push(drawing.node(frame, Shape::Box, label));
    }
    let mut detecting: Vec<(usize, NodeId)> = Vec::new();
    for scope in &explanation.scopes {
        let Some(first) = scope.first() else { continue };
        let key = drawing.node(frame, Shape::Diamond, format!("by {}", keys(explanation, *first)));
        let mut read: Vec<StreamId> = scope.iter().flat_map(|rule| reads(explanation, *rule)).collect();
        read.sort_unstable();
        read.dedup();
        for stream in read {
            drawing.arrow(streams[stream.index()], key, "");
        }
        for index in scope {
            let rule = &plan.rules[*index];
            let detects = drawing.node(frame, Shape::Box, &rule.name);
            detecting.push((*index, detects));
            drawing.arrow(key, detects, "");
            if let Some(emits) = &rule.emits {
                drawing.arrow(detects, streams[emits.stream.index()], "rows");
            }
            let Some(alert) = &rule.alert else { continue };
            let sinks = if alert.to.is_empty() { "alerts".to_owned() } else { alert.to.join(", ") };
            let sink = drawing.nodes.iter().position(|node| node.shape == Shape::End && node.label == sinks);
            let sink = sink.unwrap_or_else(|| drawing.node(frame, Shape::End, sinks));
            drawing.arrow(detects, sink, alert.severity.as_str());
        }
    }
    let node = |rule: usize| detecting.iter().find(|(index, _)| *index == rule).map(|(_, node)| *node);
    for (reader, look_ups) in explanation.look_ups.iter().enumerate() {
        let mut views: Vec<usize> = look_ups.iter().map(|look_up| look_up.view.index()).collect();
        views.dedup();
        let known = views.into_iter().filter_map(node).zip(node(reader).into_iter().cycle());
        known.for_each(|(view, reader)| drawing.arrow(view, reader, "looked up"));
    }
}

/// The streams that a rule reads.
fn reads(explanation: &Explanation, rule: usize) -> Vec<StreamId> {
    match (&explanation.plan.rules[rule].body, &explanation.machines[rule]) {
        (Body::Threshold(threshold), _) => threshold.on.iter().map(|on| on.stream).collect(),
        (Body::Pattern(_), Some(machine)) => machine.roles().iter().map(|role| role.stream).collect(),
        (Body::Pattern(_), None) => Vec::new(),
    }
}

/// Quiet, and an open episode.
fn episodes(show: Show<'_>, rule: &Rule, threshold: &Threshold, frame: usize, drawing: &mut Drawing) {
    if rule.keeps.is_some() {
        let none = drawing.node(frame, Shape::Start, "no row");
        let row = drawing.node(frame, Shape::Box, "row");
        drawing.arrow(none, row, "an event");
        drawing.arrow(row, row, "an event");
        let lasts_us = crate::views::lasts_us(rule);
        return lasts_us
            .into_iter()
            .for_each(|us| drawing.arrow(row, none, format!("{} without an event", duration(us))));
    }
    let quiet = drawing.node(frame, Shape::Start, "quiet");
    if threshold.window.is_some() {
        let open = drawing.node(frame, Shape::Box, "window");
        let end = drawing.node(frame, Shape::End, "row");
        drawing.arrow(quiet, open, "an event");
        drawing.arrow(open, open, "an event");
        return drawing.arrow(open, end, "it is over");
    }
    let Some(when) = &threshold.when else {
        let what = if rule.alert.is_some() { "alert" } else { "row" };
        let end = drawing.node(frame, Shape::End, what);
        return drawing.arrow(quiet, end, "every event");
    };
    let episode = drawing.node(frame, Shape::Box, "episode");
    drawing.arrow(quiet, episode, format!("{}\nalert", show.expr(when)));
    if rule.is_every_event() {
        drawing.arrow(episode, episode, "still true\nalert");
    }
    let over = threshold.episode_us.map_or(String::new(), |us| format!(",\nor {} without an event", duration(us)));
    drawing.arrow(episode, quiet, format!("not true{over}"));
}

fn automaton(show: Show<'_>, pattern: &Pattern, picture: &Picture, frame: usize, drawing: &mut Drawing) {
    let offset = drawing.nodes.len();
    for place in &picture.places {
        let (shape, label) = match *place {
            Place::Start => (Shape::Start, "start".to_owned()),
            Place::Step(step) => (Shape::Box, step_label(show, pattern, step)),
            Place::Group { need, members } => {
                let kind = match need {
                    None => tripline_query_lang::plan::GroupKind::AnyOf,
                    Some(need) => tripline_query_lang::plan::GroupKind::Of(need as u32),
                };
                (Shape::Diamond, group_kind(kind, members))
            }
            Place::Quiet(stream, us) => (Shape::Box, format!("no {} for {}", show.stream_name(stream), duration(us))),
            Place::End => (Shape::End, "match".to_owned()),
        };
        drawing.node(frame, shape, label);
    }
    for way in &picture.ways {
        let label = way_label(show, way);
        let dashed = way.kind == WayKind::Member;
        drawing.arrows.push(Arrow { from: offset + way.from, to: offset + way.to, label, dashed });
    }
}

fn step_label(show: Show<'_>, pattern: &Pattern, step: StepId) -> String {
    let Some(info) = pattern.steps.get(step.index()) else { return String::new() };
    let show = show.at(info.stream);
    let filter = info.filter.as_ref().map_or(String::new(), |filter| format!("\n{}", show.expr(filter)));
    format!("{}{filter}", show.step(info, quant_of(&pattern.seq, step)))
}

/// The quantifier of a step, wherever it stands.
fn quant_of(seq: &[Element], step: StepId) -> Option<Quant> {
    seq.iter().find_map(|element| match &element.node {
        Node::Step(place) if place.id == step => place.quant,
        Node::Step(_) | Node::No(_) => None,
        Node::Group(group) => quant_of(&group.members, step),
        Node::Sub(sub) => quant_of(&sub.seq, step),
    })
}

fn way_label(show: Show<'_>, way: &Way) -> String {
    let mut parts: Vec<String> = Vec::new();
    match way.kind {
        WayKind::Next => parts.push("next".to_owned()),
        WayKind::EndAfterWithin => parts.push("`within` is over".to_owned()),
        WayKind::Then | WayKind::Member | WayKind::End => {}
    }
    parts.extend(way.branches.map(|limit| format!("each, limit {limit}")));
    for (stream, hold_us) in &way.without {
        let hold = hold_us.map_or(String::new(), |us| format!(" for {}", duration(us)));
        parts.push(format!("no {}{hold}", show.stream_name(*stream)));
    }
    parts.join("\n")
}
