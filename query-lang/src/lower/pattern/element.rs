//! The elements of a pattern: steps, `no`, groups, brackets.

use std::cell::RefCell;

use crate::ast::{self, Keys};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::patterns as codes;
use crate::plan::{
    Absent, Branching, Element, Expr, Group, GroupKind, History, Key, Limits, Link, Node, Quant, Step, StepId,
    StepInfo, StepKey, StreamId, Sub,
};
use crate::resolve::World;
use crate::types::condition;
use crate::types::constant::{count, duration_us};
use crate::types::place::{HistoryPlace, Place, Row, StepName, Steps};

use super::super::rule;
use super::key::Keyed;
use super::steps::Drafts;
use super::times::Times;

/// Makes elements, in order of the text.
pub(super) struct Elements<'a, 'p> {
    world: &'p World<'a>,
    file: usize,
    rule_by: Option<&'a Keys>,
    key: &'p [Key],
    drafts: &'p Drafts<'a>,
    names: &'p [StepName],
    histories: &'p RefCell<Vec<History>>,
    infos: Vec<StepInfo>,
    /// Brackets around that are loops, and how many there were so far: numbered as in the drafts.
    loops: Vec<usize>,
    loop_count: usize,
    /// The key that brackets around give.
    by: Option<&'a Keys>,
}

impl<'a, 'p> Elements<'a, 'p> {
    /// Nothing made yet.
    pub fn new(
        world: &'p World<'a>,
        file: usize,
        rule_by: Option<&'a Keys>,
        key: &'p [Key],
        drafts: &'p Drafts<'a>,
        names: &'p [StepName],
        histories: &'p RefCell<Vec<History>>,
    ) -> Self {
        let (infos, loops) = (Vec::new(), Vec::new());
        Elements { world, file, rule_by, key, drafts, names, histories, infos, loops, loop_count: 0, by: None }
    }

    /// The steps that were made.
    pub fn finish(self) -> Vec<StepInfo> {
        self.infos
    }

    /// `a then b next c`
    pub fn sequence(&mut self, seq: &'a [ast::Element]) -> Vec<Element> {
        seq.iter().map(|element| self.element(element)).collect()
    }

    fn element(&mut self, element: &'a ast::Element) -> Element {
        let node = match &element.node {
            ast::Node::Step(step) => Node::Step(self.step(step, element.link)),
            ast::Node::No(absent) => Node::No(self.no(absent)),
            ast::Node::Group(group) => Node::Group(self.group(group, element)),
            ast::Node::Sub(sub) => Node::Sub(self.sub(sub, element.link)),
        };
        Element { link: element.link, node }
    }

    fn step(&mut self, step: &'a ast::Step, link: Link) -> Step {
        let position = self.infos.len();
        let id = StepId(position as u32);
        let draft = &self.drafts.all[position];
        let rounds = self.drafts.in_loops(&draft.loops);
        let steps = Steps { all: self.names, before: position, own: Some(id), rounds: &rounds, inside: None };
        let place = Place {
            what: "this condition",
            row: Row::Stream(draft.stream),
            has_time: true,
            steps: Some(steps),
            keys: &[],
            with: &[],
            history: HistoryPlace::Step(self.histories, id),
        };
        let filter = step.filter.as_ref().map(|filter| condition(self.world, self.file, place, filter));
        let key = self.keyed(steps).of(draft.by, draft.stream, draft.span);
        let has_rounds = self.is_loop(step.quant.as_ref());
        let limits = self.limits(&step.limits, step.quant.as_ref(), link, has_rounds, Some(place));
        let quant = step.quant.as_ref().map(|quant| self.quant(quant));
        self.infos.push(StepInfo {
            name: draft.name.clone(),
            stream: draft.stream,
            is_loop: draft.is_loop,
            may_be_empty: draft.may_be_empty,
            key,
            filter,
        });
        Step { id, quant, limits }
    }

    /// `no X` between or at the ends.
    fn no(&mut self, absent: &'a ast::Absent) -> Absent {
        let rounds = self.drafts.in_loops(&self.loops);
        let steps = Steps { all: self.names, before: self.infos.len(), own: None, rounds: &rounds, inside: None };
        self.absent(absent, steps, absent.by.as_ref().or(self.by))
    }

    /// `without X`: sees the first step.
    pub fn without(&mut self, absent: &'a ast::Absent) -> Absent {
        let steps = Steps { all: self.names, before: 1, own: None, rounds: &[], inside: None };
        self.absent(absent, steps, absent.by.as_ref())
    }

    fn absent(&self, absent: &'a ast::Absent, steps: Steps<'_>, by: Option<&'a Keys>) -> Absent {
        // Known: otherwise there are no drafts.
        let stream = rule::stream(self.world, self.file, &absent.stream).unwrap_or(StreamId(0));
        let key = self.keyed(steps).of(by, stream, absent.span);
        let history = match self.step_like(stream, &key) {
            Some(step) => HistoryPlace::Step(self.histories, step),
            None => HistoryPlace::No("no step looks at the same stream with the same key"),
        };
        let place = Place {
            what: "this condition",
            row: Row::Stream(stream),
            has_time: true,
            steps: Some(steps),
            keys: &[],
            with: &[],
            history,
        };
        let filter = absent.filter.as_ref().map(|filter| condition(self.world, self.file, place, filter));
        let hold_us = absent.hold.as_ref().and_then(|hold| duration_us(self.world, self.file, hold, "`for`"));
        Absent { stream, key, hold_us, filter }
    }

    /// A step before that sees the same events of the same key: its history is that of the absent ones.
    fn step_like(&self, stream: StreamId, key: &StepKey) -> Option<StepId> {
        let StepKey::Own(parts) = key else { return None };
        let is_like =
            |info: &StepInfo| info.stream == stream && matches!(&info.key, StepKey::Own(other) if other == parts);
        self.infos.iter().position(is_like).map(|position| StepId(position as u32))
    }

    fn group(&mut self, group: &'a ast::Group, element: &'a ast::Element) -> Group {
        let around = self.by;
        self.by = group.limits.by.as_ref().or(around);
        let members: Vec<_> = group.members.iter().map(|member| self.element(member)).collect();
        self.by = around;
        let limits = self.limits(&group.limits, None, element.link, true, None);
        let kind = match &group.kind {
            ast::GroupKind::AnyOf => GroupKind::AnyOf,
            ast::GroupKind::AllOf => GroupKind::Of(members.len() as u32),
            ast::GroupKind::NOf(tree) => {
                let n = count(self.world, self.file, tree, "the number of members").unwrap_or(1);
                if n as usize > members.len() {
                    let message = format!("{n} of {} members can never come", members.len());
                    self.world.fault(codes::GROUP_COUNT, self.file, tree.span, message);
                }
                GroupKind::Of(n)
            }
        };
        Group { kind, members, limits }
    }

    fn sub(&mut self, sub: &'a ast::Sub, link: Link) -> Sub {
        let around = self.by;
        self.by = sub.limits.by.as_ref().or(around);
        let has_rounds = self.is_loop(sub.quant.as_ref());
        if has_rounds {
            self.loops.push(self.loop_count);
            self.loop_count += 1;
        }
        let first = self.infos.len();
        let seq = self.sequence(&sub.seq);
        let rounds = self.drafts.in_loops(&self.loops);
        let until_place = self.drafts.all.get(first).filter(|_| self.infos.len() > first).map(|draft| Place {
            what: "`until`",
            row: Row::Stream(draft.stream),
            has_time: true,
            steps: Some(Steps { all: self.names, before: self.infos.len(), own: None, rounds: &rounds, inside: None }),
            keys: &[],
            with: &[],
            history: HistoryPlace::Step(self.histories, StepId(first as u32)),
        });
        // A bracket around one event is no span of time, any other may be.
        let limits = self.limits(&sub.limits, sub.quant.as_ref(), link, true, until_place);
        if has_rounds {
            self.loops.pop();
        }
        self.by = around;
        Sub { seq, quant: sub.quant.as_ref().map(|quant| self.quant(quant)), limits }
    }

    fn is_loop(&self, quant: Option<&'a ast::Quant>) -> bool {
        quant.is_some_and(|quant| Times::of(self.world, self.file, quant).is_loop())
    }

    fn quant(&self, quant: &'a ast::Quant) -> Quant {
        let times = Times::said(self.world, self.file, quant);
        Quant {
            min: times.min,
            max: times.max,
            greedy: quant.greedy,
            branching: if quant.each { Branching::Each } else { Branching::One },
            consecutive: quant.consecutive,
        }
    }

    /// Limits, with those reported that mean nothing where they stand. `until` sees `until_place`.
    fn limits(
        &self,
        limits: &'a ast::Limits,
        quant: Option<&'a ast::Quant>,
        link: Link,
        is_many: bool,
        until_place: Option<Place<'_>>,
    ) -> Limits {
        let us = |tree: &'a Option<ast::Expr>, what| {
            tree.as_ref().and_then(|tree| duration_us(self.world, self.file, tree, what))
        };
        let misplaced = |tree: &ast::Expr, message: &str, hint: &str| {
            self.world.report(Diagnostic::new(codes::LIMIT_PLACE, self.file, tree.span, message).hint(hint));
        };
        if let Some(over) = limits.over.as_ref().filter(|_| !is_many) {
            misplaced(
                over,
                "`over` is for loops and groups: one event has no length",
                "write `within` to bound the time since the event before",
            );
        }
        let branches = link == Link::ThenEach || quant.is_some_and(|quant| quant.each);
        if let Some(limit) = limits.limit.as_ref().filter(|_| !branches) {
            misplaced(
                limit,
                "`limit` counts branches, and nothing branches here",
                "branches come from `then each` and from loops with `each`",
            );
        }
        let is_until_loop = self.is_loop(quant);
        let until = match (&limits.until, until_place) {
            (Some(until), Some(place)) if is_until_loop => Some(self.until(until, Place { what: "`until`", ..place })),
            (Some(until), _) => {
                misplaced(
                    until,
                    "`until` is for loops: here is nothing to end",
                    "give the step a quantifier, such as `+`",
                );
                None
            }
            (None, _) => None,
        };
        Limits {
            over_us: us(&limits.over, "`over`"),
            within_us: us(&limits.within, "`within`"),
            until,
            limit: limits.limit.as_ref().and_then(|tree| count(self.world, self.file, tree, "`limit`")),
        }
    }

    fn until(&self, tree: &'a ast::Expr, place: Place<'_>) -> Expr {
        condition(self.world, self.file, place, tree)
    }

    fn keyed<'s>(&'s self, steps: Steps<'s>) -> Keyed<'a, 's> {
        Keyed { world: self.world, file: self.file, rule_by: self.rule_by, key: self.key, steps }
    }
}
