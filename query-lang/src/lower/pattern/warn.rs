//! What is worth a look in a pattern that can run.

use crate::ast::Link;
use crate::diagnostics::codes::warnings as codes;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{
    Branching, CompareOp, Element, Expr, ExprKind, Limits, Node, Pattern, Step, StepId, StepInfo, StepKey, Within,
};
use crate::resolve::World;
use crate::types::facts;

use super::steps::Drafts;

/// Notes everything that is worth a look. The drafts have the places of the steps.
pub(super) fn pattern(world: &World<'_>, file: usize, pattern: &Pattern, drafts: &Drafts<'_>) {
    let warn = Warn { world, file, pattern, drafts };
    warn.neighbours(&pattern.seq);
    warn.first_fits(&pattern.seq, true);
    warn.waits(&pattern.seq, rule_bound(pattern), true);
}

struct Warn<'w, 'a> {
    world: &'w World<'a>,
    file: usize,
    pattern: &'w Pattern,
    drafts: &'w Drafts<'a>,
}

impl Warn<'_, '_> {
    fn say(&self, code: Code, step: StepId, message: String, hint: String) {
        let span = self.drafts.all[step.index()].span;
        self.world.report(Diagnostic::new(code, self.file, span, message).hint(hint));
    }

    fn info(&self, step: &Step) -> &StepInfo {
        &self.pattern.steps[step.id.index()]
    }

    /// A loop and the step after it that fit the same events.
    fn neighbours(&self, seq: &[Element]) {
        for pair in seq.windows(2) {
            if let (Node::Step(before), Node::Step(after)) = (&pair[0].node, &pair[1].node)
                && after.quant.is_none_or(|quant| quant.min > 0)
            {
                self.overlap(before, after, pair[0].link);
            }
        }
        for element in seq {
            match &element.node {
                Node::Group(group) => self.neighbours(&group.members),
                Node::Sub(sub) => self.neighbours(&sub.seq),
                Node::Step(_) | Node::No(_) => {}
            }
        }
    }

    fn overlap(&self, before: &Step, after: &Step, link: Link) {
        let Some(quant) = before.quant else { return };
        let (looped, next) = (self.info(before), self.info(after));
        let (of_loop, of_next) = (looped.filter.as_ref(), next.filter.as_ref());
        let same_events = looped.stream == next.stream
            && matches!((&looped.key, &next.key), (StepKey::Own(a), StepKey::Own(b)) if a == b);
        if !same_events || quant.branching == Branching::Each || quant.max == Some(quant.min) {
            return;
        }
        let loop_limits = &before.limits;
        if !quant.greedy && facts::implies(of_loop, of_next) && after.limits.within_us.is_none() {
            let message =
                format!("`{}` never takes more than {}: what fits it fits `{}`", looped.name, quant.min, next.name);
            return self.say(codes::LOOP_AT_MINIMUM, before.id, message, GREEDY.to_owned());
        }
        // Rounds joined by `next` end at the first event between them.
        let is_endless = quant.max.is_none()
            && !quant.consecutive
            && link != Link::Next
            && loop_limits.over_us.is_none()
            && loop_limits.within_us.is_none()
            && loop_limits.until.is_none();
        if quant.greedy && is_endless && facts::implies(of_next, of_loop) {
            let message = format!("`{}` takes every event that `{}` waits for", looped.name, next.name);
            return self.say(
                codes::LOOP_STARVES,
                before.id,
                message,
                "give the loop a maximum, `over` or `until`".to_owned(),
            );
        }
        // What lies behind an event decides, or what the loop has taken: nothing can be said.
        let looks_back = of_loop.into_iter().chain(of_next).any(has_history) || of_next.is_some_and(has_loop);
        if !quant.greedy && !looks_back && !facts::excludes(of_loop, of_next) {
            let message =
                format!("an event may fit both `{}` and `{}`: it goes to `{}`", looped.name, next.name, next.name);
            let hint =
                format!("{GREEDY} if it is to go to `{}`, or let the conditions exclude each other", looped.name);
            self.say(codes::OVERLAP, before.id, message, hint);
        }
    }

    /// `then` steps that a later condition wants to be one certain event.
    fn first_fits(&self, seq: &[Element], is_start: bool) {
        for (position, element) in seq.iter().enumerate() {
            let first = is_start && position == 0;
            match &element.node {
                Node::Step(step) if !first && element.link == Link::Then && !self.info(step).is_loop => {
                    self.first_fit(step.id);
                }
                Node::Sub(sub) => self.first_fits(&sub.seq, first),
                _ => {}
            }
        }
    }

    fn first_fit(&self, step: StepId) {
        let later = self.pattern.steps.iter().skip(step.index() + 1);
        let wants = |info: &&StepInfo| info.filter.as_ref().is_some_and(|filter| asks_for(filter, step));
        if let Some(later) = later.into_iter().find(wants) {
            let name = &self.pattern.steps[step.index()].name;
            let message =
                format!("`{}` asks for one certain `{name}`, and `then` takes the first that fits", later.name);
            let hint = "`then each ... limit N` follows every event that fits".to_owned();
            self.say(codes::FIRST_FIT, step, message, hint);
        }
    }

    /// `no X for D` in the middle that is longer than what bounds the step behind it: the step's own `within`, the `over` or
    /// `within` of a bracket, or the rule's.
    /// `is_start`: nothing is taken before it, so that a wait counts towards no bound yet.
    fn waits(&self, seq: &[Element], around: Option<Bound>, mut is_start: bool) {
        let mut waited_us = 0i64;
        for element in seq {
            match &element.node {
                Node::No(_) if is_start => {}
                Node::No(absent) => waited_us = waited_us.saturating_add(absent.hold_us.unwrap_or(0)),
                Node::Step(step) => {
                    let own = step.limits.within_us.map(|us| Bound { us, of: "its own `within`" });
                    self.wait(step, waited_us, own);
                    self.wait(step, waited_us, around);
                }
                Node::Group(group) => {
                    for member in &group.members {
                        self.waits(std::slice::from_ref(member), bound(&group.limits, around), is_start);
                    }
                }
                Node::Sub(sub) => self.waits(&sub.seq, bound(&sub.limits, around), is_start),
            }
            let is_wait = matches!(element.node, Node::No(_));
            is_start &= is_wait;
            // Each wait counts from the event before it; of what is within one bound they add up.
            if around.is_none() && !is_wait {
                waited_us = 0;
            }
        }
    }

    fn wait(&self, step: &Step, waited_us: i64, bound: Option<Bound>) {
        let Some(bound) = bound.filter(|bound| waited_us > bound.us) else { return };
        let name = &self.info(step).name;
        let message = format!("`{name}` can never come: the wait before it is longer than {}", bound.of);
        self.say(codes::WITHIN_TOO_SHORT, step.id, message, "make `within` longer, or the wait shorter".to_owned());
    }
}

/// A time that bounds what stands inside.
#[derive(Clone, Copy)]
struct Bound {
    us: i64,
    /// Whose it is.
    of: &'static str,
}

/// The narrower of a bracket's `over` and what is around it.
fn bound(limits: &Limits, around: Option<Bound>) -> Option<Bound> {
    let own = limits.over_us.map(|us| Bound { us, of: "the `over` of the bracket" });
    own.into_iter().chain(around).min_by_key(|bound| bound.us)
}

/// The rule's `within`, if it is a time.
fn rule_bound(pattern: &Pattern) -> Option<Bound> {
    match pattern.within {
        Some(Within::Time(us)) => Some(Bound { us, of: "the rule's `within`" }),
        Some(Within::Events(_) | Within::Forever) | None => None,
    }
}

const GREEDY: &str = "write `greedy` behind the quantifier";

fn has_history(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::History(_)) || expr.children().into_iter().any(has_history)
}

fn has_loop(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Loop { .. }) || expr.children().into_iter().any(has_loop)
}

/// Whether a condition holds only where a field of the candidate equals one of this step.
fn asks_for(filter: &Expr, step: StepId) -> bool {
    match &filter.kind {
        ExprKind::And(parts) => parts.iter().any(|part| asks_for(part, step)),
        ExprKind::Compare(CompareOp::Equal, left, right) => {
            let is_own = |side: &Expr| matches!(side.kind, ExprKind::Field(_));
            let is_step = |side: &Expr| matches!(side.kind, ExprKind::Step(of, _) if of == step);
            (is_own(left) && is_step(right)) || (is_own(right) && is_step(left))
        }
        _ => false,
    }
}
