//! The steps of a pattern in order of the text, before anything in them is typed.

use crate::ast::{self, Element, GroupKind, Keys, Node, Step};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, patterns as codes};
use crate::plan::{StepId, StreamId};
use crate::resolve::World;
use crate::span::Span;
use crate::types::place::StepName;

use super::super::rule;
use super::times::Times;

/// Steps that one pattern may have.
const STEPS_MAX: usize = 500;

/// A step as found.
pub(super) struct Draft<'a> {
    /// Its name, or one by its position.
    pub name: String,
    /// The name is written.
    pub is_named: bool,
    /// Its stream.
    pub stream: StreamId,
    /// As written.
    pub node: &'a Step,
    /// The element.
    pub span: Span,
    /// Its own key, or that of a bracket around it.
    pub by: Option<&'a Keys>,
    /// Takes more than one event.
    pub is_loop: bool,
    /// A match may be complete without it.
    pub may_be_empty: bool,
    /// The brackets around it that are loops, by a number of their own.
    pub loops: Vec<usize>,
}

/// All steps of a pattern.
pub(super) struct Drafts<'a> {
    /// By [`StepId`].
    pub all: Vec<Draft<'a>>,
}

/// What brackets around an element say.
#[derive(Clone, Default)]
struct Around<'a> {
    by: Option<&'a Keys>,
    may_be_empty: bool,
    loops: Vec<usize>,
}

struct Collector<'w, 'a> {
    world: &'w World<'a>,
    file: usize,
    found: Vec<Draft<'a>>,
    loop_count: usize,
    is_known: bool,
}

impl<'a> Drafts<'a> {
    /// Finds the steps; `None` when a stream is unknown, which was reported.
    pub fn collect(world: &World<'a>, file: usize, body: &'a ast::Pattern) -> Option<Drafts<'a>> {
        let mut collector = Collector { world, file, found: Vec::new(), loop_count: 0, is_known: true };
        collector.sequence(&body.seq, &Around::default());
        for absent in &body.without {
            collector.is_known &= rule::stream(world, file, &absent.stream).is_some();
        }
        if collector.found.len() > STEPS_MAX {
            let message = format!("a pattern has at most {STEPS_MAX} steps, not {}", collector.found.len());
            world.fault(codes::TOO_MANY_STEPS, file, body.span, message);
            return None;
        }
        collector.name_the_nameless();
        collector.is_known.then_some(Drafts { all: collector.found })
    }

    /// The step of this name.
    pub fn find(&self, name: &str) -> Option<(StepId, &Draft<'a>)> {
        let position = self.all.iter().position(|draft| draft.name == name)?;
        Some((StepId(position as u32), &self.all[position]))
    }

    /// What expressions need to know of them.
    pub fn names(&self) -> Vec<StepName> {
        let name =
            |draft: &Draft<'_>| StepName { name: draft.name.clone(), stream: draft.stream, is_loop: draft.is_loop };
        self.all.iter().map(name).collect()
    }

    /// The steps inside of any of these brackets.
    pub fn in_loops(&self, loops: &[usize]) -> Vec<StepId> {
        let shares = |draft: &Draft<'_>| draft.loops.iter().any(|bracket| loops.contains(bracket));
        let inside = self.all.iter().enumerate().filter(|(_, draft)| shares(draft));
        inside.map(|(position, _)| StepId(position as u32)).collect()
    }
}

impl<'a> Collector<'_, 'a> {
    fn sequence(&mut self, seq: &'a [Element], around: &Around<'a>) {
        for element in seq {
            match &element.node {
                Node::Step(step) => self.step(step, element.span, around),
                Node::No(absent) => {
                    self.is_known &= rule::stream(self.world, self.file, &absent.stream).is_some();
                }
                Node::Group(group) => {
                    let needs_all = matches!(group.kind, GroupKind::AllOf) || group.members.len() < 2;
                    let inner = Around {
                        by: group.limits.by.as_ref().or(around.by),
                        may_be_empty: around.may_be_empty || !needs_all,
                        loops: around.loops.clone(),
                    };
                    self.sequence(&group.members, &inner);
                }
                Node::Sub(sub) => {
                    let mut inner = around.clone();
                    inner.by = sub.limits.by.as_ref().or(around.by);
                    if let Some(quant) = &sub.quant {
                        let times = Times::of(self.world, self.file, quant);
                        inner.may_be_empty |= times.min == 0;
                        if times.is_loop() {
                            inner.loops.push(self.loop_count);
                            self.loop_count += 1;
                        }
                    }
                    self.sequence(&sub.seq, &inner);
                }
            }
        }
    }

    fn step(&mut self, step: &'a Step, span: Span, around: &Around<'a>) {
        let Some(stream) = rule::stream(self.world, self.file, &step.stream) else {
            self.is_known = false;
            return;
        };
        if let Some(name) = &step.name {
            self.check_name(name);
        }
        let times = step.quant.as_ref().map(|quant| Times::of(self.world, self.file, quant));
        self.found.push(Draft {
            name: step.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
            is_named: step.name.is_some(),
            stream,
            node: step,
            span,
            by: step.limits.by.as_ref().or(around.by),
            is_loop: !around.loops.is_empty() || times.is_some_and(Times::is_loop),
            may_be_empty: around.may_be_empty || times.is_some_and(|times| times.min == 0),
            loops: around.loops.clone(),
        });
    }

    fn check_name(&self, name: &ast::Name) {
        let other =
            self.found.iter().filter_map(|draft| draft.node.name.as_ref()).find(|other| other.text == name.text);
        if let Some(other) = other {
            let message = format!("two steps are called `{}`", name.text);
            let twice = Diagnostic::new(names::DUPLICATE, self.file, name.span, message);
            self.world.report(twice.related(other.span, "the first one").hint("a name stands on one step"));
        }
    }

    fn name_the_nameless(&mut self) {
        for position in 0..self.found.len() {
            if self.found[position].is_named {
                continue;
            }
            let mut name = format!("step{}", position + 1);
            while self.found.iter().any(|draft| draft.name == name) {
                name.push('_');
            }
            self.found[position].name = name;
        }
    }
}
