//! Types: an expression of the tree, seen from its place, becomes a typed expression of the plan. Operands get one type,
//! `let`s and params are put in, constants are put together. What was reported becomes a constant that fits every type.

mod call;
pub(crate) mod check;
pub(crate) mod constant;
pub(crate) mod convert;
mod doubt;
pub(crate) mod facts;
mod history;
mod lets;
mod literal;
mod lookup;
pub(crate) mod looped;
mod names;
mod operator;
pub(crate) mod place;

use std::cell::Cell;
use std::rc::Rc;

use crate::ast::{self, ExprKind as Tree};
use crate::diagnostics::codes::types as codes;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::resolve::World;
use crate::span::Span;
use crate::value::{Type, Value};
use convert::{constant, node, poison};
use lets::Frame;
use place::Place;

/// Nodes that one expression may have, with `let`s put in.
const NODES_MAX: usize = 20_000;
/// Nodes above each other that one expression may have, with `let`s put in.
const DEPTH_MAX: usize = 400;

/// Types one expression. Made anew for each; a place within its place shares what is counted.
pub(crate) struct Typer<'a, 'p> {
    world: &'p World<'a>,
    place: Place<'p>,
    /// The source that what is looked at stands in: that of a `let` inside of its body.
    file: usize,
    /// The `let` inside of which we are.
    frame: Option<Rc<Frame<'a>>>,
    depth: usize,
    nodes: Rc<Cell<usize>>,
    /// The whole expression, with its source.
    root: (usize, Span),
}

/// Types an expression where it stands.
pub(crate) fn expression<'a>(world: &World<'a>, file: usize, place: Place<'_>, tree: &'a ast::Expr) -> Expr {
    Typer::new(world, file, place, tree).expr(tree)
}

/// Types a condition: it has to be a bool.
pub(crate) fn condition<'a>(world: &World<'a>, file: usize, place: Place<'_>, tree: &'a ast::Expr) -> Expr {
    let before = world.error_count();
    let expr = Typer::new(world, file, place, tree).bool(tree);
    if world.error_count() == before && !looped::names_anything(tree) {
        constant::warn_of_condition(world, file, &expr, tree);
    } else if world.error_count() == before {
        doubt::condition(world, file, place, &expr, tree);
    }
    expr
}

/// What a bare name means where it stands.
pub(crate) fn named<'a>(world: &World<'a>, file: usize, place: Place<'_>, name: &'a ast::Name) -> Expr {
    Typer::at(world, place, (file, name.span)).name(&name.text, name.span)
}

/// A field of the event at hand; none if it has no such field.
pub(crate) fn field(world: &World<'_>, file: usize, place: Place<'_>, name: &str, span: Span) -> Option<Expr> {
    Typer::at(world, place, (file, span)).field(name, span)
}

impl<'a, 'p> Typer<'a, 'p> {
    fn new(world: &'p World<'a>, file: usize, place: Place<'p>, root: &ast::Expr) -> Self {
        Typer::at(world, place, (file, root.span))
    }

    fn at(world: &'p World<'a>, place: Place<'p>, root: (usize, Span)) -> Self {
        Typer { world, place, file: root.0, frame: None, depth: 0, nodes: Rc::default(), root }
    }

    /// The same, seen from another place.
    fn at_place(&self, place: Place<'p>) -> Typer<'a, 'p> {
        Typer {
            world: self.world,
            place,
            file: self.file,
            frame: self.frame.clone(),
            depth: self.depth,
            nodes: self.nodes.clone(),
            root: self.root,
        }
    }

    fn expr(&mut self, tree: &'a ast::Expr) -> Expr {
        // Said once: with the count at its end, everything above ends at once as well.
        let nodes = if self.depth < DEPTH_MAX { self.nodes.get() + 1 } else { NODES_MAX + 1 };
        if nodes > NODES_MAX {
            if self.nodes.replace(nodes) <= NODES_MAX {
                let (file, span) = self.root;
                let message = format!("this expression has more than {NODES_MAX} parts, with its `let`s put in");
                let fault = Diagnostic::new(codes::TOO_LARGE, file, span, message);
                self.world.report(fault.hint(
                    "a long list is better a table, or a `param` whose items come from a file: `[param.NAME]` in tripline.toml",
                ));
            }
            return poison();
        }
        self.nodes.set(nodes);
        self.depth += 1;
        let expr = self.kind(tree);
        self.depth -= 1;
        expr
    }

    fn kind(&mut self, tree: &'a ast::Expr) -> Expr {
        let span = tree.span;
        match &tree.node {
            Tree::Null => constant(Value::Null, Type::Null),
            Tree::Bool(value) => constant(Value::Bool(*value), Type::Bool),
            Tree::Int(_) | Tree::Decimal(_) | Tree::Float(_) | Tree::Duration(..) | Tree::Text(_) => {
                self.literal(&tree.node, span)
            }
            Tree::Name(name) => self.name(name, span),
            Tree::Member(of, field) => self.member(of, field, span),
            Tree::Index(list, at) => self.index(list, at, span),
            Tree::List(items) => self.list(items),
            Tree::Call(call) => self.call(call, span),
            Tree::Not(inner) => {
                let inner = self.bool(inner);
                node(ExprKind::Not(Box::new(inner)), Type::Bool)
            }
            Tree::Negate(inner) => self.negate(inner, span),
            Tree::Binary(op, left, right) => self.binary(*op, left, right, span),
            Tree::Between { negated, item, low, high } => self.between(*negated, item, low, high, span),
            Tree::In { negated, item, list } => self.contained(*negated, item, list, span),
            Tree::Like { negated, item, pattern } => self.like(*negated, item, pattern),
            Tree::Matches { negated, item, pattern } => self.matches(*negated, item, pattern),
            Tree::If(condition, then, otherwise) => self.conditional(condition, then, otherwise, span),
            Tree::Error => poison(),
        }
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.world.report(diagnostic);
    }

    fn fault(&self, code: Code, span: Span, message: impl Into<String>) {
        self.world.fault(code, self.file, span, message);
    }

    /// A fact at a place of the file at hand.
    fn say(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.file, span, message)
    }

    /// What stands there, in backquotes.
    fn quote(&self, span: Span) -> String {
        format!("`{}`", self.world.text(self.file, span))
    }
}
