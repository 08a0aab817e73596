//! `let`: its body is typed where it is used, as if it stood there, with its arguments in place of their names.

use std::rc::Rc;

use super::Typer;
use super::check::counted;
use super::convert::poison;
use crate::ast;
use crate::diagnostics::codes::{names, types as codes};
use crate::plan::Expr;
use crate::resolve::Namespace;
use crate::span::Span;

/// The use of a `let` inside of whose body we are.
pub(super) struct Frame<'a> {
    name: &'a str,
    args: Vec<(&'a str, &'a ast::Expr)>,
    /// Where it is used: file and frame in which its arguments are typed.
    file: usize,
    outer: Option<Rc<Frame<'a>>>,
}

impl<'a> Typer<'a, '_> {
    /// The argument of the `let` at hand that has this name, typed where the `let` is used.
    pub(super) fn let_argument(&mut self, name: &str) -> Option<Expr> {
        let tree = self.frame.as_ref()?.args.iter().find(|(arg, _)| *arg == name)?.1;
        Some(self.outside_of_let(|typer| typer.expr(tree)))
    }

    /// The tree behind a bare name that is an argument of the `let` at hand, and names of arguments behind that.
    pub(super) fn argument_tree(&self, name: &str) -> Option<&'a ast::Expr> {
        let mut frame = self.frame.as_ref();
        let mut name = name;
        let mut found = None;
        while let Some(inside) = frame {
            let Some((_, tree)) = inside.args.iter().find(|(arg, _)| *arg == name) else { break };
            found = Some(*tree);
            let ast::ExprKind::Name(next) = &tree.node else { break };
            (name, frame) = (next, inside.outer.as_ref());
        }
        found
    }

    fn outside_of_let(&mut self, typed: impl FnOnce(&mut Self) -> Expr) -> Expr {
        let Some(frame) = self.frame.take() else { return typed(self) };
        let file = std::mem::replace(&mut self.file, frame.file);
        self.frame = frame.outer.clone();
        let expr = typed(self);
        self.frame = Some(frame);
        self.file = file;
        expr
    }

    /// The body of the `let` of this name, with these arguments; none when there is no such `let`.
    pub(super) fn let_body(&mut self, name: &str, args: &'a [ast::Expr], span: Span) -> Option<Expr> {
        let found = self.world.lets.get(name)?;
        self.world.mention(Namespace::Values, name);
        let (node, file) = (found.node, found.file);
        if node.args.len() != args.len() {
            let message = format!("`{name}` takes {}, not {}", counted(node.args.len(), "argument"), args.len());
            self.fault(codes::ARGUMENTS, span, message);
            return Some(poison());
        }
        let mut around = self.frame.as_ref();
        while let Some(frame) = around {
            if frame.name == name {
                self.report(
                    self.say(names::RECURSION, span, format!("`{name}` is defined by itself"))
                        .hint("a `let` is put in where it is used, so it cannot use itself"),
                );
                return Some(poison());
            }
            around = frame.outer.as_ref();
        }
        let args = node.args.iter().map(|arg| arg.text.as_str()).zip(args).collect();
        let frame = Frame { name: &node.name.text, args, file: self.file, outer: self.frame.take() };
        let before = std::mem::replace(&mut self.file, file);
        self.frame = Some(Rc::new(frame));
        let expr = self.expr(&node.body);
        self.frame = self.frame.take().and_then(|frame| frame.outer.clone());
        self.file = before;
        Some(expr)
    }
}
