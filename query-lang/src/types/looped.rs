//! Functions over the events that a loop took: `count(probe)`, `sum(probe.amount)`, `last(probe.at)`.

use super::Typer;
use super::convert::poison;
use super::place::{HistoryPlace, Place, Row, Steps};
use crate::ast::{self, Call, ExprKind as Tree};
use crate::diagnostics::codes::types as codes;
use crate::plan::{Expr, ExprKind, LoopFn, StepId};
use crate::span::Span;
use crate::value::Type;

impl<'a> Typer<'a, '_> {
    /// The step that a call looks at: the first loop that its arguments name, or else the first step.
    pub(super) fn looped_step(&self, call: &'a Call, steps: Steps<'_>) -> Option<StepId> {
        let mut named = Vec::new();
        for tree in call.args.iter().chain(&call.filter) {
            self.named_steps(tree, steps, &mut named);
        }
        let is_loop = |step: &&StepId| steps.all[step.index()].is_loop;
        named.iter().find(is_loop).or(named.first()).copied()
    }

    fn named_steps(&self, tree: &'a ast::Expr, steps: Steps<'_>, named: &mut Vec<StepId>) {
        let tree = self.through_let(tree);
        if let Tree::Name(name) = &tree.node
            && let Some((step, _)) = steps.find(name)
        {
            named.push(step);
        }
        for child in children(tree) {
            self.named_steps(child, steps, named);
        }
    }

    /// A function over the events that `step` took.
    pub(super) fn over_loop(&mut self, call: &'a Call, steps: Steps<'_>, step: StepId, span: Span) -> Expr {
        let name = call.name.text.as_str();
        let Some(func) = function(name) else {
            let message = format!("`{name}` does not look at the events of a loop");
            self.report(
                self.say(codes::HISTORY_FORM, span, message)
                    .hint("over loops there are `count sum avg min max stddev distinct first last collect`"),
            );
            return poison();
        };
        if steps.inside.is_some() {
            let message = format!("`{name}` looks at a loop inside of a function that does");
            self.fault(codes::NESTED_HISTORY, span, message);
            return poison();
        }
        if !self.check_step(steps, step, span) {
            return poison();
        }
        if call.args.len() != 1 {
            let message = format!("`{name}` takes one argument over a loop, not {}", call.args.len());
            self.fault(codes::ARGUMENTS, span, message);
            return poison();
        }
        let place = Place {
            what: "a function over a loop",
            row: Row::Stream(steps.all[step.index()].stream),
            has_time: true,
            steps: Some(Steps { inside: Some(step), ..steps }),
            keys: &[],
            with: &[],
            history: HistoryPlace::No("it looks at the events of the loop"),
        };
        let mut inside = self.at_place(place);
        let filter = call.filter.as_ref().map(|filter| Box::new(inside.bool(filter)));
        let of = self.through_let(&call.args[0]);
        let is_bare = matches!(&of.node, Tree::Name(name) if steps.find(name).is_some_and(|(found, _)| found == step));
        if is_bare && func != LoopFn::Count {
            let message = format!("`{name}` needs a field of the loop");
            self.report(
                self.say(codes::ARGUMENTS, span, message)
                    .hint(format!("write `{name}({}.field)`", steps.all[step.index()].name)),
            );
            return poison();
        }
        let arg = (!is_bare).then(|| inside.expr(&call.args[0]));
        if let Some(arg) = &arg {
            self.check_argument(name, &arg.ty, &call.args[0]);
        }
        let ty = returned(func, arg.as_ref());
        Expr { kind: ExprKind::Loop { step, func, arg: arg.map(Box::new), filter }, ty }
    }
}

fn function(name: &str) -> Option<LoopFn> {
    Some(match name {
        "count" => LoopFn::Count,
        "sum" => LoopFn::Sum,
        "avg" => LoopFn::Avg,
        "min" => LoopFn::Min,
        "max" => LoopFn::Max,
        "stddev" => LoopFn::Stddev,
        "distinct" => LoopFn::Distinct,
        "first" => LoopFn::First,
        "last" => LoopFn::Last,
        "collect" => LoopFn::Collect,
        _ => return None,
    })
}

fn returned(func: LoopFn, arg: Option<&Expr>) -> Type {
    let of = arg.map_or(Type::Null, |arg| arg.ty.clone());
    match func {
        LoopFn::Count | LoopFn::Distinct => Type::Int,
        LoopFn::Avg | LoopFn::Stddev => Type::Float,
        LoopFn::Collect => Type::List(Box::new(of)),
        LoopFn::Sum | LoopFn::Min | LoopFn::Max | LoopFn::First | LoopFn::Last => of,
    }
}

/// The expressions directly inside of a tree.
pub(crate) fn children(tree: &ast::Expr) -> Vec<&ast::Expr> {
    match &tree.node {
        Tree::Member(inner, _) | Tree::Not(inner) | Tree::Negate(inner) => vec![inner],
        Tree::Index(of, at) => std::iter::once(of).chain(at).collect(),
        Tree::List(items) => items.iter().collect(),
        Tree::Call(call) => call.args.iter().chain(&call.filter).collect(),
        Tree::Binary(_, left, right) => vec![left, right],
        Tree::Between { item, low, high, .. } => vec![item, low, high],
        Tree::In { item, list, .. } => vec![item, list],
        Tree::Like { item, pattern, .. } | Tree::Matches { item, pattern, .. } => vec![item, pattern],
        Tree::If(condition, then, otherwise) => vec![condition, then, otherwise],
        _ => Vec::new(),
    }
}

/// Whether there is a name in a tree: what it means may change.
pub(super) fn names_anything(tree: &ast::Expr) -> bool {
    matches!(tree.node, Tree::Name(_) | Tree::Call(_)) || children(tree).into_iter().any(names_anything)
}
