//! What a pattern must say so that it can end: every step is covered by a `within`, waiting has a bound, branches a limit.

use crate::ast::{Absent, Element, GroupKind, Limits, Link, Node, Pattern, Quant, Skip, SpanLimit};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::patterns as codes;
use crate::resolve::World;
use crate::span::Span;

struct Check<'w, 'a> {
    world: &'w World<'a>,
    file: usize,
    /// The rule has a `within` in event time.
    within_time: bool,
}

/// Reports everything of a pattern that cannot end or means nothing.
pub(super) fn pattern(world: &World<'_>, file: usize, pattern: &Pattern) {
    let check = Check { world, file, within_time: matches!(pattern.within, Some(SpanLimit::Time(_))) };
    check.covered(&pattern.seq, pattern.within.is_some(), &mut true);
    check.branches(&pattern.seq);
    check.members(&pattern.seq);
    check.ends(&pattern.seq);
    if let Some(last) = pattern.seq.last() {
        check.greedy_end(last, false);
        let keeps_all = pattern.skip.as_ref().is_some_and(|skip| matches!(skip.node, Skip::None));
        if !keeps_all && let Some(span) = branching_end(last) {
            check.report(
                Diagnostic::new(codes::EACH_AT_END, file, span, "the branches of the last step would end each other")
                    .label("each match ends the other runs of its key")
                    .hint("write `after match skip none` behind the pattern"),
            );
        }
    }
}

impl Check<'_, '_> {
    fn report(&self, diagnostic: Diagnostic) {
        self.world.report(diagnostic);
    }

    /// Every step after the first has a `within`, its own or one around it; `over` of a bracket covers its inside.
    fn covered(&self, seq: &[Element], is_covered: bool, is_first: &mut bool) {
        for element in seq {
            match &element.node {
                Node::Step(step) => {
                    if !*is_first && !is_covered && step.limits.within.is_none() {
                        let message = "no `within` covers this step: a run would wait for ever";
                        self.report(Diagnostic::new(codes::UNCOVERED, self.file, element.span, message).hint(
                            "write `within 1h` behind it or before `match`, or `within forever` there if it is meant",
                        ));
                    }
                    *is_first = false;
                }
                Node::No(_) => {}
                Node::Group(group) => {
                    let inside = is_covered || group.limits.within.is_some();
                    self.covered_group(&group.members, &group.kind, inside, group.limits.over.is_some(), is_first);
                }
                Node::Sub(sub) => {
                    let inside = is_covered || sub.limits.within.is_some();
                    self.covered_inside(&sub.seq, inside, sub.limits.over.is_some(), is_first);
                }
            }
        }
    }

    /// Alternatives are each looked at as if they stood alone.
    fn covered_group(
        &self,
        members: &[Element],
        kind: &GroupKind,
        is_covered: bool,
        has_over: bool,
        is_first: &mut bool,
    ) {
        if !matches!(kind, GroupKind::AnyOf) {
            return self.covered_inside(members, is_covered, has_over, is_first);
        }
        let mut any_first = *is_first;
        for member in members {
            let mut first = *is_first;
            self.covered_inside(std::slice::from_ref(member), is_covered, has_over, &mut first);
            any_first &= first;
        }
        *is_first = any_first;
    }

    /// With `over`, all but the first event inside are covered.
    fn covered_inside(&self, seq: &[Element], is_covered: bool, has_over: bool, is_first: &mut bool) {
        for (position, element) in seq.iter().enumerate() {
            self.covered(std::slice::from_ref(element), is_covered || (has_over && position > 0), is_first);
        }
    }

    /// `then each` and `each` have a `limit`; `no` does not branch.
    fn branches(&self, seq: &[Element]) {
        for element in seq {
            let (limits, quant): (Option<&Limits>, Option<&Quant>) = match &element.node {
                Node::Step(step) => (Some(&step.limits), step.quant.as_ref()),
                Node::Group(group) => {
                    self.branches(&group.members);
                    (Some(&group.limits), None)
                }
                Node::Sub(sub) => {
                    self.branches(&sub.seq);
                    (Some(&sub.limits), sub.quant.as_ref())
                }
                Node::No(absent) => {
                    if element.link == Link::ThenEach {
                        let message = "`then each` follows events, and `no` takes none";
                        let fault = Diagnostic::new(codes::EACH_OF_NONE, self.file, absent.span, message);
                        self.report(fault.hint("write `then no`"));
                    }
                    (None, None)
                }
            };
            let each = quant.filter(|quant| quant.each);
            let branches = element.link == Link::ThenEach || each.is_some();
            if branches && limits.is_some_and(|limits| limits.limit.is_none()) {
                let word = if element.link == Link::ThenEach { "`then each`" } else { "`each`" };
                let span = each.filter(|_| element.link != Link::ThenEach).map_or(element.span, |quant| quant.span);
                self.report(
                    Diagnostic::new(
                        codes::NO_LIMIT,
                        self.file,
                        span,
                        format!("{word} does not say how many branches a run may have"),
                    )
                    .hint("write `limit 100` behind it: branches beyond are counted, and the alert says so"),
                );
            }
        }
    }

    /// Members of groups that are `no` wait for a time.
    fn members(&self, seq: &[Element]) {
        for element in seq {
            match &element.node {
                Node::Group(group) => {
                    for member in &group.members {
                        if let Node::No(absent) = &member.node
                            && absent.hold.is_none()
                        {
                            self.no_time(absent, "in a group, `no` is complete when its time has passed");
                        }
                    }
                    self.members(&group.members);
                }
                Node::Sub(sub) => self.members(&sub.seq),
                Node::Step(_) | Node::No(_) => {}
            }
        }
    }

    fn no_time(&self, absent: &Absent, why: &str) {
        let fault =
            Diagnostic::new(codes::NO_WITHOUT_TIME, self.file, absent.span, "this `no` does not say for how long");
        self.report(fault.label(why).hint(format!("write `no {} for 30m`", absent.stream.text)));
    }

    /// `no` at the ends has a time: its own, or the rule's `within`.
    fn ends(&self, seq: &[Element]) {
        if let Some(Element { node: Node::No(absent), .. }) = seq.first()
            && absent.hold.is_none()
        {
            self.no_time(absent, "nothing stands before it");
        }
        if let Some(Element { node: Node::No(absent), link, .. }) = seq.last()
            && seq.len() > 1
            && absent.hold.is_none()
            && *link != Link::Next
            && !self.within_time
        {
            self.no_time(absent, "at the end it waits until the rule's `within` is over, and there is none in time");
        }
    }

    /// A greedy loop at the end is over at some time.
    fn greedy_end(&self, last: &Element, is_covered: bool) {
        match &last.node {
            Node::Step(step) => self.greedy_loop(step.quant.as_ref(), &step.limits, last.link, is_covered),
            Node::Sub(sub) => {
                let inside = is_covered || sub.limits.within.is_some() || sub.limits.over.is_some();
                self.greedy_loop(sub.quant.as_ref(), &sub.limits, last.link, is_covered);
                if let Some(last) = sub.seq.last() {
                    self.greedy_end(last, inside);
                }
            }
            Node::Group(group) => {
                let inside = is_covered || group.limits.within.is_some() || group.limits.over.is_some();
                group.members.iter().for_each(|member| self.greedy_end(member, inside));
            }
            Node::No(_) => {}
        }
    }

    fn greedy_loop(&self, quant: Option<&Quant>, limits: &Limits, link: Link, is_covered: bool) {
        let Some(quant) = quant.filter(|quant| quant.greedy && quant.max.is_none()) else { return };
        let ends = self.within_time
            || is_covered
            || limits.within.is_some()
            || limits.over.is_some()
            || limits.until.is_some()
            || quant.consecutive
            || link == Link::Next;
        if !ends {
            self.report(
                Diagnostic::new(
                    codes::GREEDY_END,
                    self.file,
                    quant.span,
                    "nothing ends this greedy loop, and it is the last step",
                )
                .label("it would take events for ever and never fire")
                .hint(
                    "give it `over 10m`, `until ...` or a maximum, or leave out `greedy`: then it fires at its minimum",
                ),
            );
        }
    }
}

/// Where the last step branches, if it does.
fn branching_end(last: &Element) -> Option<Span> {
    if last.link == Link::ThenEach {
        return Some(last.span);
    }
    let quant = |quant: &Option<Quant>| quant.as_ref().filter(|quant| quant.each).map(|quant| quant.span);
    match &last.node {
        Node::Step(step) => quant(&step.quant),
        Node::Sub(sub) => quant(&sub.quant).or_else(|| sub.seq.last().and_then(branching_end)),
        Node::Group(group) => group.members.iter().find_map(branching_end),
        Node::No(_) => None,
    }
}
