//! Rules that read each other: in which order they are looked at, and the streams that they make.

use crate::ast::{self, Name};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::fingerprint;
use crate::plan::{Emits, Emitted, Field, FieldId, Origin, Rule, RuleId, Stream, StreamId};
use crate::resolve::{Entity, MakerKind, World, views_looked_up};
use crate::value::Type;

use super::{rule, view, window};

/// All rules and derives, by position; `None` where one could not be made out, which was reported.
pub(super) fn lower(world: &mut World<'_>) -> Vec<Option<Rule>> {
    let graph = Graph::of(world);
    world.used = graph.readers.iter().map(|readers| !readers.is_empty()).collect();
    world.failed = vec![false; world.rules.len()];
    world.derived = vec![None; world.rules.len()];
    for (position, readers) in graph.readers.iter().enumerate() {
        if !readers.is_empty() && world.views[position].is_none() {
            let id = StreamId(world.plan_streams.len() as u32);
            world.derived[position] = Some(id);
            let name = world.rules[position].name.text.clone();
            world.plan_streams.push(Stream { name, ..empty(RuleId(position as u32)) });
        }
    }
    let order = graph.order(world);
    let mut rules: Vec<Option<Rule>> = world.rules.iter().map(|_| None).collect();
    for position in order {
        let mut rule = rule::lower(world, position);
        world.failed[position] = rule.is_none();
        if let (Some(rule), Some(id)) = (&mut rule, world.derived[position]) {
            let made = stream(world, RuleId(position as u32), rule, id);
            unsettled(world, &graph, position, rule);
            world.plan_streams[id.index()] = made;
        }
        if let Some(rule) = &rule {
            view::keep(world, position, rule);
        }
        rules[position] = rule;
    }
    rules
}

/// Which rules read which, or look things up in which.
struct Graph {
    /// By rule: the rules that it reads, and the views that it looks things up in, ascending.
    reads: Vec<Vec<usize>>,
    /// By rule: the rules that read it.
    readers: Vec<Vec<usize>>,
}

impl Graph {
    fn of(world: &World<'_>) -> Graph {
        let mut graph = Graph { reads: Vec::new(), readers: vec![Vec::new(); world.rules.len()] };
        for (reader, maker) in world.rules.iter().enumerate() {
            let mut read: Vec<usize> = Vec::new();
            names(maker.body, &mut |name| {
                if let Some(Entity::Rule(made)) = world.entity(&name.text) {
                    read.push(made);
                }
            });
            read.extend(views_looked_up(world, maker));
            read.sort_unstable();
            read.dedup();
            read.iter().for_each(|made| graph.readers[*made].push(reader));
            graph.reads.push(read);
        }
        graph
    }

    /// The rules, each behind those that it reads; those on a circle, and those that read one, are left out and reported.
    fn order(&self, world: &mut World<'_>) -> Vec<usize> {
        let mut open: Vec<usize> = self.reads.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..open.len()).filter(|rule| open[*rule] == 0).collect();
        let mut next = 0;
        while let Some(rule) = order.get(next).copied() {
            next += 1;
            for reader in &self.readers[rule] {
                open[*reader] -= 1;
                if open[*reader] == 0 {
                    order.push(*reader);
                }
            }
        }
        let mut told = vec![false; open.len()];
        for start in (0..open.len()).filter(|rule| open[*rule] > 0) {
            world.failed[start] = true;
            let circle = self.circle(start, &open);
            if !circle.iter().any(|rule| told[*rule]) {
                circle.iter().for_each(|rule| told[*rule] = true);
                report_circle(world, &circle);
            }
        }
        order
    }

    /// A circle that is met by going from a rule to what it reads, beginning with its first rule in the text.
    fn circle(&self, start: usize, open: &[usize]) -> Vec<usize> {
        let mut path = vec![start];
        loop {
            let last = path[path.len() - 1];
            let next = self.reads[last].iter().copied().find(|made| open[*made] > 0);
            let Some(next) = next else { return path };
            if let Some(begin) = path.iter().position(|rule| *rule == next) {
                let mut circle = path.split_off(begin);
                let first = circle.iter().enumerate().min_by_key(|(_, rule)| **rule).map_or(0, |(place, _)| place);
                circle.rotate_left(first);
                return circle;
            }
            path.push(next);
        }
    }
}

fn report_circle(world: &World<'_>, circle: &[usize]) {
    const SHOWN: usize = 12;
    let Some(first) = circle.first().map(|rule| &world.rules[*rule]) else { return };
    let name = |rule: &usize| world.rules[*rule].name.text.as_str();
    let mut path: Vec<&str> = circle.iter().take(SHOWN).map(name).collect();
    if circle.len() > SHOWN {
        path.push("...");
    }
    path.push(&first.name.text);
    let message = match circle {
        [one] if world.views[*one].is_some() => format!("`{}` looks things up in itself", first.name.text),
        [_] => format!("`{}` reads its own output", first.name.text),
        _ if circle.iter().any(|rule| world.views[*rule].is_some()) => {
            format!("`{}` comes back to itself: `{}`", first.name.text, path.join(" <- "))
        }
        _ => format!("`{}` reads its own output: `{}`", first.name.text, path.join(" <- ")),
    };
    let fault = Diagnostic::new(names::CYCLE, first.file, first.name.span, message);
    world.report(fault.hint("rules build on each other in one direction"));
}

/// Calls `see` with every name of a stream that a body reads.
fn names<'a>(body: &'a ast::Body, see: &mut dyn FnMut(&'a Name)) {
    match body {
        ast::Body::Threshold(threshold) => threshold.on.iter().for_each(|on| see(&on.stream)),
        ast::Body::Pattern(pattern) => {
            pattern.without.iter().for_each(|absent| see(&absent.stream));
            elements(&pattern.seq, see);
        }
        ast::Body::Error(_) => {}
    }
}

fn elements<'a>(seq: &'a [ast::Element], see: &mut dyn FnMut(&'a Name)) {
    for element in seq {
        match &element.node {
            ast::Node::Step(step) => see(&step.stream),
            ast::Node::No(absent) => see(&absent.stream),
            ast::Node::Group(group) => elements(&group.members, see),
            ast::Node::Sub(sub) => elements(&sub.seq, see),
        }
    }
}

fn empty(rule: RuleId) -> Stream {
    Stream {
        name: String::new(),
        fields: Vec::new(),
        timed_by: FieldId(0),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Origin::Derived { rule, definition: 0 },
    }
}

/// The derived stream of a rule: of an alert the parts of its key and its `with` fields, of a `derive` what it emits and the
/// bounds of its window; and `at`. Writes down in the rule what it emits.
fn stream(world: &World<'_>, id: RuleId, rule: &mut Rule, stream: StreamId) -> Stream {
    let field = |name: &str, ty: &Type, optional| Field {
        name: name.to_owned(),
        ty: ty.clone(),
        optional,
        path: Vec::new(),
        time_unit: None,
    };
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    if matches!(world.rules[id.index()].kind, MakerKind::Rule(_)) {
        // `at` is the alert's time, also where a part of the key is called so.
        for (position, key) in rule.keys.iter().enumerate().filter(|(_, key)| key.name != "at") {
            fields.push(field(&key.name, &key.ty, false));
            columns.push(Emitted::Key(position as u32));
        }
    }
    for (position, with) in rule.fields.iter().enumerate() {
        fields.push(field(&with.name, &with.expr.ty, true));
        columns.push(Emitted::Field(position as u32));
    }
    let has_window = rule.window().is_some();
    for (position, name) in window::BOUNDS.iter().enumerate().filter(|_| has_window) {
        fields.push(field(name, &Type::Time, false));
        columns.push(Emitted::Key((rule.keys.len() + position) as u32));
    }
    let timed_by = FieldId(fields.len() as u32);
    fields.push(field("at", &Type::Time, false));
    columns.push(Emitted::At);
    rule.emits = Some(Emits { stream, columns });
    let definition = fingerprint::of_stream(&world.plan_streams, &world.plan_tables, rule);
    let origin = Origin::Derived { rule: id, definition };
    Stream { name: rule.name.clone(), fields, timed_by, origin, ..empty(id) }
}

/// Says when a rule's alerts may come any time after their own.
fn unsettled(world: &World<'_>, graph: &Graph, position: usize, rule: &Rule) {
    if rule.settles_within_us().is_some() {
        return;
    }
    let maker = &world.rules[position];
    let reader = graph.readers[position].first().map(|reader| world.rules[*reader].name.text.as_str());
    let message = format!(
        "`{}` is read by `{}`, but nothing says how long its matches may wait for their end",
        rule.name,
        reader.unwrap_or_default()
    );
    let fault = Diagnostic::new(names::UNSETTLED, maker.file, maker.name.span, message);
    world.report(fault.hint("give the rule a `within`, or its last loop an `over`"));
}
